//! A runtime-neutral azid token provider over any host.
