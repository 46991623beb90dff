//! A secret has no text for a message.

use floe_plugin_api::Secret;

fn main() {
    let password = Secret::new("hunter2");
    println!("logged in with {password}");
}
