//! What the fuzz targets do, one function for each. A function begins with the sentence that must
//! hold for every input, and panics when it does not.

mod answer;
mod cache;
mod certificate;
mod challenge;
mod environment;
mod input;
mod sign_in;
mod snapshot;
mod tool;
mod transcript;
mod whole_run;

pub use self::answer::{error_body, token_answer};
pub use self::cache::cache_operations;
pub use self::certificate::certificate_file;
pub use self::challenge::{arc_challenge, service_challenge};
pub use self::environment::environment_map;
pub use self::sign_in::{device_code_answer, loopback_request};
pub use self::snapshot::cache_snapshot;
pub use self::tool::tool_output;
pub use self::transcript::transcript;
pub use self::whole_run::whole_run;
