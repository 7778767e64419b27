//! Uses each thing that `core/clippy.toml` bans, once. It is compiled, never run: `.ci/run purity`
//! demands that clippy names every one of the bans.

use std::collections::{HashMap, HashSet};
use std::net::ToSocketAddrs;
use std::path::Path;

pub fn environment() {
    let _ = std::env::var("A");
    let _ = std::env::var_os("A");
    let _ = std::env::vars();
    let _ = std::env::vars_os();
    let _ = std::env::args();
    let _ = std::env::args_os();
    let _ = std::env::current_dir();
    let _ = std::env::current_exe();
    let _ = std::env::home_dir();
    let _ = std::env::temp_dir();
    let _ = std::env::set_current_dir("a");
    let _ = std::env::join_paths(["a"]);
    let _ = std::env::split_paths("a");
    // SAFETY: never run.
    unsafe {
        std::env::set_var("A", "b");
        std::env::remove_var("A");
    }
}

pub fn files(path: &Path) {
    let _ = std::fs::canonicalize(path);
    let _ = std::fs::copy(path, path);
    let _ = std::fs::create_dir(path);
    let _ = std::fs::create_dir_all(path);
    let _ = std::fs::exists(path);
    let _ = std::fs::hard_link(path, path);
    let _ =
        std::fs::metadata(path).map(|found| std::fs::set_permissions(path, found.permissions()));
    let _ = std::fs::read(path);
    let _ = std::fs::read_dir(path);
    let _ = std::fs::read_link(path);
    let _ = std::fs::read_to_string(path);
    let _ = std::fs::remove_dir(path);
    let _ = std::fs::remove_dir_all(path);
    let _ = std::fs::remove_file(path);
    let _ = std::fs::rename(path, path);
    let _ = std::fs::symlink_metadata(path);
    let _ = std::fs::write(path, "a");
    let _ = std::path::absolute(path);
    let _ = path.canonicalize();
    let _ = path.exists();
    let _ = path.is_dir();
    let _ = path.is_file();
    let _ = path.is_symlink();
    let _ = path.metadata();
    let _ = path.read_dir();
    let _ = path.read_link();
    let _ = path.symlink_metadata();
    let _ = path.try_exists();
    let _ = path.is_absolute();
    let _ = std::fs::DirBuilder::new();
    let _ = std::fs::File::open(path);
    let _ = std::fs::OpenOptions::new();
}

pub fn streams() {
    let _ = std::io::stdin();
    let _ = std::io::stdout();
    let _ = std::io::stderr();
    print!("a");
    println!("a");
    eprint!("a");
    eprintln!("a");
    dbg!();
}

pub fn network() {
    let _ = "a:1".to_socket_addrs();
    let _ = std::net::TcpListener::bind("a:1");
    let _ = std::net::TcpStream::connect("a:1");
    let _ = std::net::UdpSocket::bind("a:1");
}

pub fn processes(child: &std::process::Child) -> u32 {
    let _ = std::process::Command::new("a");
    if child.id() == std::process::id() {
        std::process::exit(1);
    }
    std::process::abort();
}

pub fn threads() {
    let _ = std::thread::available_parallelism();
    let _ = std::thread::current();
    let _ = std::thread::panicking();
    std::thread::park();
    std::thread::park_timeout(std::time::Duration::ZERO);
    std::thread::scope(|_| ());
    std::thread::sleep(std::time::Duration::ZERO);
    let _ = std::thread::spawn(|| ());
    std::thread::yield_now();
    let _ = std::thread::Builder::new();
    thread_local!(static COUNT: u8 = const { 0 });
    COUNT.with(|_| ());
}

pub fn clocks_and_chance() {
    let _ = std::time::Instant::now().elapsed();
    let _ = std::time::SystemTime::now().elapsed();
    let _ = std::hash::RandomState::new();
}

pub fn hash_maps(mut map: HashMap<u8, u8>) {
    let _ = map.iter();
    let _ = map.iter_mut();
    let _ = map.keys();
    let _ = map.values();
    let _ = map.values_mut();
    let _ = map.extract_if(|_, _| true);
    map.retain(|_, _| true);
    let _ = map.drain();
    let _ = map.clone().into_keys();
    let _ = map.clone().into_values();
    for _ in &map {}
}

pub fn hash_sets(mut set: HashSet<u8>) {
    let _ = set.iter();
    let _ = set.difference(&set);
    let _ = set.intersection(&set);
    let _ = set.symmetric_difference(&set);
    let _ = set.union(&set);
    let _ = set.extract_if(|_| true);
    set.retain(|_| true);
    let _ = set.drain();
}

pub struct Shared {
    pub barrier: std::sync::Barrier,
    pub condvar: std::sync::Condvar,
    pub mutex: std::sync::Mutex<()>,
    pub rw_lock: std::sync::RwLock<()>,
    pub atomic_bool: std::sync::atomic::AtomicBool,
    pub atomic_i32: std::sync::atomic::AtomicI32,
    pub atomic_i64: std::sync::atomic::AtomicI64,
    pub atomic_isize: std::sync::atomic::AtomicIsize,
    pub atomic_ptr: std::sync::atomic::AtomicPtr<()>,
    pub atomic_u32: std::sync::atomic::AtomicU32,
    pub atomic_u64: std::sync::atomic::AtomicU64,
    pub atomic_usize: std::sync::atomic::AtomicUsize,
}
