//! Errors that the functions log while stories run.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::{Mutex, PoisonError},
};

use tokio::runtime::{Handle, Id};
use tracing::{
    Level,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, filter::LevelFilter, layer::Context, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Errors by runtime. Each test has its own runtime, and the functions of its local cloud run on it.
static ERRORS: Mutex<Option<HashMap<Id, Vec<String>>>> = Mutex::new(None);

/// Prints warnings with the output of a story that fails, and keeps errors.
pub(crate) fn listen() {
    let format = tracing_subscriber::fmt::layer().with_test_writer().compact();
    let registry =
        tracing_subscriber::registry().with(format.with_filter(LevelFilter::WARN)).with(ErrorLayer);
    // fails for all but the first story of this process
    let _ = registry.try_init();
}

/// Returns the errors that the functions of the current test have logged so far.
pub(crate) fn errors_of_this_runtime() -> Vec<String> {
    let Ok(runtime) = Handle::try_current() else { return Vec::new() };
    let errors = ERRORS.lock().unwrap_or_else(PoisonError::into_inner);
    errors.as_ref().and_then(|errors| errors.get(&runtime.id())).cloned().unwrap_or_default()
}

struct ErrorLayer;

impl<S: tracing::Subscriber> Layer<S> for ErrorLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let mut text = EventText(event.metadata().target().to_owned());
        event.record(&mut text);
        // a timeout of the local runner means that this machine is busy
        if text.0.contains("Task timed out") {
            return;
        }
        let mut errors = ERRORS.lock().unwrap_or_else(PoisonError::into_inner);
        errors.get_or_insert_default().entry(runtime.id()).or_default().push(text.0);
    }
}

/// An event in one line.
struct EventText(String);

impl Visit for EventText {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
