#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::indexing_slicing)]
use std::path::Path;
use std::sync::atomic::AtomicBool;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let out = Path::new(&args[1]);
    let t = std::time::Instant::now();
    if args.len() == 3 {
        println!("{} inspecter {:?}", args[2], document::inspecter(Path::new(&args[2])));
    }
    let t1 = t.elapsed();
    let r = document::preparer(
        &document::Plan::of_files(args[2..].iter()),
        out,
        &mut |_| {},
        &AtomicBool::new(false),
    );
    println!("   {:?} insp {:?} total {:?}", r, t1, t.elapsed());
    println!(
        "   {}",
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|l| l.starts_with("VmHWM"))
            .unwrap()
    );
}
