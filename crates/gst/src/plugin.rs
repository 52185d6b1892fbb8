//! What GStreamer looks for in a plugin's file. The one place with `unsafe`, all of it the macro's.
#![allow(unsafe_code, missing_docs)]

use gst::glib;

fn init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    crate::cardhush::register(Some(plugin))
}

gst::plugin_define!(
    cardhush,
    "Finds and destroys keyed and spoken card digits in call audio",
    init,
    env!("CARGO_PKG_VERSION"),
    "Apache 2.0",
    "cardhush",
    "cardhush",
    env!("CARGO_PKG_REPOSITORY")
);
