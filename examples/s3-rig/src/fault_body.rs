//! A body that is cut in its middle.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

/// How long the half that is passed on has to get onto the wire.
const BEFORE_THE_CUT: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("cut on purpose")]
    Cut,
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

/// Passes half of its bytes on, then fails, which closes the connection that it is written to.
pub(crate) struct CutBody {
    inner: Incoming,
    left: u64,
    wait: Pin<Box<Sleep>>,
}

impl CutBody {
    pub(crate) fn new(inner: Incoming) -> Self {
        let left = inner.size_hint().exact().unwrap_or(1) / 2;
        Self { inner, left, wait: Box::pin(tokio::time::sleep(BEFORE_THE_CUT)) }
    }
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.left == 0 {
            ready!(self.wait.as_mut().poll(context));
            return Poll::Ready(Some(Err(BodyError::Cut)));
        }
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)) else { return Poll::Ready(None) };
        let Ok(mut data) = frame?.into_data() else { return Poll::Ready(None) };
        data.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= data.len() as u64;
        if self.left == 0 {
            self.wait.as_mut().reset(tokio::time::Instant::now() + BEFORE_THE_CUT);
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    /// The whole length: it is what the header promises.
    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
