//! The element: pads, properties, events and queries. Audio goes through [`Stream`]; what comes of it is posted and pushed here, while nothing is locked.

use crate::call::{Orders, Output};
use crate::coded::RAW;
use crate::error::Failure;
use crate::settings::Settings;
use crate::stream::Stream;
use cardhush_core::config::{ANALYSIS_RATE_HZ, MAX_CHANNELS, MAX_RATE_HZ};
use gst::glib::{self, prelude::*};
use gst::{FlowError, FlowSuccess, prelude::*};

glib::wrapper! {
    /// The element `cardhush`.
    pub struct Cardhush(ObjectSubclass<imp::Cardhush>) @extends gst::Element, gst::Object;
}

/// Makes the element known under its name.
///
/// # Errors
/// GStreamer does not take it.
pub fn register(plugin: Option<&gst::Plugin>) -> Result<(), glib::BoolError> {
    gst::Element::register(plugin, "cardhush", gst::Rank::NONE, Cardhush::static_type())
}

/// All that is taken.
fn any_caps() -> gst::Caps {
    let numbers = |name: &str| {
        gst::Structure::builder(name)
            .field("rate", gst::IntRange::new(ANALYSIS_RATE_HZ as i32, MAX_RATE_HZ as i32))
            .field("channels", gst::IntRange::new(1, MAX_CHANNELS as i32))
    };
    let raw = numbers("audio/x-raw").field("format", gst::List::new(RAW.map(|(name, _)| name))).field("layout", "interleaved");
    [raw.build(), numbers("audio/x-mulaw").build(), numbers("audio/x-alaw").build()].into_iter().collect()
}

mod imp {
    use super::*;
    use gst::subclass::prelude::*;
    use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

    static LOG: LazyLock<gst::DebugCategory> =
        LazyLock::new(|| gst::DebugCategory::new("cardhush", gst::DebugColorFlags::empty(), Some("card digits in call audio")));

    pub struct Cardhush {
        sink: gst::Pad,
        src: gst::Pad,
        settings: Mutex<Settings>,
        stream: Mutex<Stream>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Cardhush {
        const NAME: &'static str = "GstCardhush";
        type Type = super::Cardhush;
        type ParentType = gst::Element;

        fn with_class(class: &Self::Class) -> Self {
            let pad = |name| {
                // Both are made with the class, below.
                #[allow(clippy::expect_used, reason = "the class has these templates, see pad_templates")]
                let template = class.pad_template(name).expect("a pad template");
                gst::Pad::builder_from_template(&template)
            };
            let sink = pad("sink")
                .chain_function(|_, parent, buffer| {
                    Self::catch_panic_pad_function(parent, || Err(FlowError::Error), |element| element.take(&buffer))
                })
                .event_full_function(|pad, parent, event| {
                    Self::catch_panic_pad_function(parent, || Err(FlowError::Error), |element| element.sink_event(pad, event))
                })
                .flags(gst::PadFlags::PROXY_CAPS)
                .build();
            let src = pad("src")
                .query_function(|pad, parent, query| {
                    Self::catch_panic_pad_function(parent, || false, |element| element.src_query(pad, query))
                })
                .flags(gst::PadFlags::PROXY_CAPS)
                .build();
            Self { sink, src, settings: Mutex::default(), stream: Mutex::default() }
        }
    }

    impl ObjectImpl for Cardhush {
        fn properties() -> &'static [glib::ParamSpec] {
            static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(Settings::properties);
            &PROPERTIES
        }

        fn set_property(&self, _id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
            self.settings().set(spec.name(), value);
        }

        fn property(&self, _id: usize, spec: &glib::ParamSpec) -> glib::Value {
            self.settings().get(spec.name())
        }

        fn constructed(&self) {
            self.parent_constructed();
            let element = self.obj();
            for pad in [&self.sink, &self.src] {
                if element.add_pad(pad).is_err() {
                    gst::error!(LOG, imp = self, "a pad could not be added");
                }
            }
        }
    }

    impl GstObjectImpl for Cardhush {}

    impl ElementImpl for Cardhush {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                gst::subclass::ElementMetadata::new(
                    "Card digit scrubber",
                    "Filter/Effect/Audio",
                    "Finds and destroys keyed (DTMF) and spoken card digits in call audio",
                    "The cardhush authors",
                )
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                [("sink", gst::PadDirection::Sink), ("src", gst::PadDirection::Src)]
                    .into_iter()
                    .filter_map(|(name, direction)| gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &any_caps()).ok())
                    .collect()
            });
            &TEMPLATES
        }

        fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
            if transition == gst::StateChange::ReadyToPaused {
                let settings = *self.settings();
                match Stream::new(settings) {
                    Ok(stream) => *self.stream() = stream,
                    Err(failure) => {
                        self.fail(&failure);
                        return Err(gst::StateChangeError);
                    }
                }
            }
            let done = self.parent_change_state(transition)?;
            if transition == gst::StateChange::PausedToReady {
                // The pads are shut: nothing flows any more, and nothing is kept.
                *self.stream() = Stream::default();
            }
            Ok(done)
        }
    }

    impl Cardhush {
        fn take(&self, buffer: &gst::Buffer) -> Result<FlowSuccess, FlowError> {
            let Settings { armed, mask, .. } = *self.settings();
            self.pass_through(|stream, out| stream.take(buffer, Orders { armed, mask }, out))
        }

        fn sink_event(&self, pad: &gst::Pad, event: gst::Event) -> Result<FlowSuccess, FlowError> {
            gst::log!(LOG, imp = self, "event {:?}", event.type_());
            let own = event.clone();
            match event.view() {
                gst::EventView::FlushStop(_) => {
                    self.stream().flush();
                    self.forward(pad, own)
                }
                gst::EventView::StreamStart(_) | gst::EventView::SegmentDone(_) => self.pass_through(|stream, out| stream.drain(own, out)),
                gst::EventView::Eos(_) => self.pass_through(|stream, out| stream.end(own, out)),
                gst::EventView::Caps(caps) => {
                    let before = self.stream().latency();
                    let done = self.pass_through(|stream, out| stream.caps(caps.caps(), own, out));
                    if self.stream().latency() != before {
                        let element = self.obj();
                        // Nobody listens where the bus is flushing: then the latency is asked for anew.
                        let _ = element.post_message(gst::message::Latency::builder().src(&*element).build());
                    }
                    done
                }
                gst::EventView::Segment(segment) => self.pass_through(|stream, out| stream.segment(segment.segment(), own, out)),
                gst::EventView::Gap(gap) => {
                    let (pts, duration) = gap.get();
                    self.pass_through(|stream, out| stream.gap(pts, duration, own, out))
                }
                _ if event.is_serialized() => self.pass_through(|stream, out| stream.pass(own, out)),
                _ => self.forward(pad, own),
            }
        }

        fn forward(&self, pad: &gst::Pad, event: gst::Event) -> Result<FlowSuccess, FlowError> {
            // Whether anybody took it is no matter of the flow, as with elements of the base classes.
            gst::Pad::event_default(pad, Some(&*self.obj()), event);
            Ok(FlowSuccess::Ok)
        }

        fn src_query(&self, pad: &gst::Pad, query: &mut gst::QueryRef) -> bool {
            let gst::QueryViewMut::Latency(latency) = query.view_mut() else {
                return gst::Pad::query_default(pad, Some(&*self.obj()), query);
            };
            let mut upstream = gst::query::Latency::new();
            if !self.sink.peer_query(&mut upstream) {
                return false;
            }
            let own = self.stream().latency();
            let (live, min, max) = upstream.result();
            latency.set(live, min + own, max.map(|max| max + own));
            true
        }

        /// Has `step` at the stream, and does what comes of it.
        fn pass_through(&self, step: impl FnOnce(&mut Stream, &mut Vec<Output>) -> Result<(), Failure>) -> Result<FlowSuccess, FlowError> {
            let mut out = Vec::new();
            let done = step(&mut self.stream(), &mut out);
            if let Err(failure) = done {
                // What was ready before it is not passed on either: it may be half of something.
                self.fail(&failure);
                return Err(if matches!(failure, Failure::Caps(_)) { FlowError::NotNegotiated } else { FlowError::Error });
            }
            let element = self.obj();
            for output in out {
                match output {
                    Output::Tell(structure) => {
                        let message = gst::message::Element::builder(structure).src(&*element).build();
                        if element.post_message(message).is_err() {
                            gst::debug!(LOG, imp = self, "nobody takes messages");
                        }
                    }
                    Output::Warn(text) => gst::element_imp_warning!(self, gst::StreamError::Failed, ("{text}")),
                    Output::Event(event) => {
                        self.src.push_event(event);
                    }
                    Output::Audio(buffer) => {
                        self.src.push(buffer)?;
                    }
                }
            }
            Ok(FlowSuccess::Ok)
        }

        fn fail(&self, failure: &Failure) {
            match failure {
                Failure::NothingToLookFor | Failure::Deaf => gst::element_imp_error!(self, gst::LibraryError::Settings, ("{failure}")),
                Failure::Caps(_) | Failure::Config(_) => gst::element_imp_error!(self, gst::StreamError::Format, ("{failure}")),
                _ => gst::element_imp_error!(self, gst::StreamError::Failed, ("{failure}")),
            }
        }

        fn settings(&self) -> MutexGuard<'_, Settings> {
            // Each property is set whole.
            self.settings.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn stream(&self) -> MutexGuard<'_, Stream> {
            // A step that did not come to its end has left the stream broken, and it says so itself.
            self.stream.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
