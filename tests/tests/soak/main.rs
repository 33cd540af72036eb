//! What the server promises, tried at random and again and again: by `cargo xtask soak` as often as one likes, and a little
//! at each run of the test command. The names of the tests begin with the trial's.

mod arret;
mod courant;
mod disque;
mod lents;
mod reseau;
mod telephones;
mod tuer;
