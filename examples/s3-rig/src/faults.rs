//! The proxy: passes each request on as it came, its `Host` too, since signatures cover that, unless the draw gives it a fault.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::RigError;
use crate::draw::{Draws, Fault, Rates};
use crate::fault_body::{BodyError, CutBody};
use crate::journal::Journal;
use crate::listen::listen;
use crate::replace::{self, Replace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server, http://127.0.0.1:PORT
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// 0: any free one; the first line on stdout says which
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The same seed, the same faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of requests that are answered 503 SlowDown or 500 InternalError, half and half, and not forwarded
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    fail: f64,
    /// Share of requests that are forwarded after a delay
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    slow: f64,
    /// That delay
    #[arg(long, value_name = "MS", default_value_t = 500)]
    slow_ms: u64,
    /// Share of requests whose connection is cut: in the middle of a body, or after the server has carried them out
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    cut: f64,
    #[command(flatten)]
    replace: replace::Args,
}

type AnyBody = BoxBody<Bytes, BodyError>;

struct Proxy {
    client: Client<HttpConnector, AnyBody>,
    upstream: String,
    draws: Draws,
    slow: Duration,
    replace: Option<Replace>,
    journal: Journal,
}

/// No response: hyper closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose")]
struct Cut;

pub(crate) async fn run(args: Args) -> Result<(), RigError> {
    for (option, rate) in [("--fail", args.fail), ("--slow", args.slow), ("--cut", args.cut)] {
        if !(0.0..=1.0).contains(&rate) {
            return Err(RigError::Option { option, value: rate.to_string(), wants: "a rate is 0 to 1" });
        }
    }
    let sum = args.fail + args.slow + args.cut;
    if sum > 1.0 {
        return Err(RigError::Option { option: "--fail, --slow and --cut", value: sum.to_string(), wants: "together at most 1" });
    }
    if !args.upstream.starts_with("http://127.0.0.1:") {
        return Err(RigError::Option { option: "--upstream", value: args.upstream, wants: "http://127.0.0.1:PORT" });
    }
    let replace = Replace::new(args.replace, &args.upstream)?;
    let proxy = Arc::new(Proxy {
        client: Client::builder(TokioExecutor::new()).build_http(),
        upstream: args.upstream,
        draws: Draws::new(args.seed, Rates { fail: args.fail, slow: args.slow, cut: args.cut }),
        slow: Duration::from_millis(args.slow_ms),
        replace,
        journal: Journal::default(),
    });

    let connection = |socket| {
        let proxy = Arc::clone(&proxy);
        async move {
            // Errors are the faults themselves, and clients that went away.
            let _ = serve(proxy, socket).await;
        }
    };
    listen(args.port, connection).await?;
    proxy.journal.summary();
    Ok(())
}

/// Serves one connection until its client closes it or a fault does.
async fn serve(proxy: Arc<Proxy>, socket: TcpStream) -> Option<()> {
    let socket = socket.into_std().ok()?;
    // A second hold on the socket, to have it reset at its end.
    let hold = Arc::new(socket.try_clone().ok()?);
    let socket = TcpStream::from_std(socket).ok()?;
    let service = service_fn(move |request| {
        let (proxy, hold) = (Arc::clone(&proxy), Arc::clone(&hold));
        async move { proxy.answer(request, &hold).await }
    });
    http1::Builder::new().serve_connection(TokioIo::new(socket), service).await.ok()
}

impl Proxy {
    async fn answer(&self, request: Request<Incoming>, socket: &std::net::TcpStream) -> Result<Response<AnyBody>, Cut> {
        let method = request.method().as_str().to_owned();
        let path = request.uri().path().to_owned();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let draw = self.draws.draw(&method, &target);
        self.journal.request();
        let told = |kind, status| self.journal.fault(&method, &path, kind, status);
        let cut = |kind, status: StatusCode| {
            told(kind, Some(status.as_u16()));
            Err(Cut)
        };
        match draw.fault {
            Fault::SlowDown | Fault::InternalError => {
                // Read first: a client that is still writing would see a broken connection and not the answer.
                let _ = request.into_body().collect().await;
                let (kind, status, code, message) = if draw.fault == Fault::SlowDown {
                    ("slow_down", StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
                } else {
                    (
                        "internal_error",
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "InternalError",
                        "We encountered an internal error. Please try again.",
                    )
                };
                told(kind, None);
                return Ok(refusal(status, code, message, method == "HEAD"));
            }
            Fault::CutRequestBody => {
                let (parts, body) = request.into_parts();
                let status = self.forward(Request::from_parts(parts, BoxBody::new(CutBody::new(body)))).await.map(|r| r.status().as_u16());
                told("cut_request_body", status);
                return Err(Cut);
            }
            Fault::Slow => {
                told("slow", None);
                tokio::time::sleep(self.slow).await;
            }
            _ => {}
        }
        let response = self.forward(request.map(|body| BoxBody::new(body.map_err(BodyError::Http)))).await;
        let Some(response) = response else {
            return Ok(refusal(StatusCode::BAD_GATEWAY, "InternalError", "The server behind the proxy does not answer.", method == "HEAD"));
        };
        let status = response.status();
        match draw.fault {
            Fault::CutBeforeResponse => cut("cut_before_response", status),
            Fault::ResetBeforeResponse => {
                let _ = socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO));
                cut("reset_before_response", status)
            }
            Fault::CutResponseBody if response.body().size_hint().exact() == Some(0) => cut("cut_before_response", status),
            Fault::CutResponseBody => {
                told("cut_response_body", Some(status.as_u16()));
                Ok(response.map(|body| BoxBody::new(CutBody::new(body))))
            }
            _ => match &self.replace {
                Some(replace) if draw.first && method == "GET" && status.is_success() && replace.wants(&path, draw.replace) => {
                    self.replaced(replace, response, &path).await
                }
                _ => Ok(response.map(|body| BoxBody::new(body.map_err(BodyError::Http)))),
            },
        }
    }

    /// The response as it was; the object is replaced before the client has it, so that whatever the client does next meets the new one.
    async fn replaced(&self, replace: &Replace, response: Response<Incoming>, path: &str) -> Result<Response<AnyBody>, Cut> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        match replace.run(path).await {
            Ok(()) => self.journal.fault("GET", path, "replaced", Some(parts.status.as_u16())),
            Err(e) => eprintln!("s3-rig: {path}: not replaced: {e}"),
        }
        Ok(Response::from_parts(parts, whole(body)))
    }

    /// None: the server did not answer.
    async fn forward(&self, mut request: Request<AnyBody>) -> Option<Response<Incoming>> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        *request.uri_mut() = format!("{}{target}", self.upstream.trim_end_matches('/')).parse::<Uri>().ok()?;
        request.headers_mut().remove(CONNECTION);
        let mut response = self.client.request(request).await.ok()?;
        response.headers_mut().remove(CONNECTION);
        Some(response)
    }
}

fn whole(body: impl Into<Bytes>) -> AnyBody {
    BoxBody::new(Full::new(body.into()).map_err(|never: Infallible| match never {}))
}

fn refusal(status: StatusCode, code: &str, message: &str, head: bool) -> Response<AnyBody> {
    let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let mut response = Response::new(whole(if head { String::new() } else { xml }));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/xml"));
    response
}
