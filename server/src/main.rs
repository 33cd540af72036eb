//! `ma-demande-server`: the server and the operator's commands.

fn main() {}
