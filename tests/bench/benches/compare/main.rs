//! azid beside its floors and its peer on this machine's clock: `cargo bench --bench compare`.
//!
//! A word after `--` picks the tables that have it in their names.

mod azure;
mod cold;
mod hit;
mod rounds;
mod sign;
mod threads;
mod wire;

use std::env;

fn main() {
    let words: Vec<String> = env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let parts: Vec<&str> = words.iter().map(String::as_str).collect();
    if wire::play(&parts) {
        return; // one of the programs that `wire` is about
    }
    let tables: [(&str, fn()); 6] = [
        ("hit", hit::one_thread),
        ("threads", threads::hits),
        ("tasks", threads::tasks),
        ("cold", cold::client_secret),
        ("sign", sign::signatures),
        ("wire", wire::cost_of_a_token),
    ];
    for (name, print) in tables {
        if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
            print();
        }
    }
}
