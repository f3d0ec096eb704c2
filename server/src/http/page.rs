//! The page's files: compiled in, compressed beforehand, cached by their hashed names.

use super::not_found;
use crate::hub::Hub;
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use holdfast_protocol::RoomName;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, collections::HashMap, sync::Arc};

#[derive(rust_embed::RustEmbed)]
#[folder = "../web/dist"]
struct Built;

const INDEX: &str = "index.html";
const NOT_BUILT: &str = "The page is not built. Run `make page`, then start the hub again.\n";

/// The page's files by path.
#[derive(Debug, Default)]
pub(crate) struct Page {
    files: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    content_type: &'static str,
    plain: Content,
    /// By what is best for the client; the names are those of `Content-Encoding`.
    compressed: Vec<(&'static str, Content)>,
}

#[derive(Debug)]
struct Content {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Page {
    /// The files that were there when the hub was built.
    pub(crate) fn built() -> Self {
        Self::new(Built::iter().filter_map(|path| Some((path.to_string(), bytes(Built::get(&path)?.data)))))
    }

    /// A page of these files; `x.br` and `x.gz` are compressed forms of `x`.
    pub(crate) fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut all: HashMap<String, Bytes> = files.into_iter().collect();
        let names: Vec<String> = all.keys().cloned().collect();
        let mut page = Self::default();
        let is_plain = |name: &String| !matches!(extension(name), "br" | "gz");
        for name in names.into_iter().filter(is_plain) {
            let compressed = [("br", format!("{name}.br")), ("gzip", format!("{name}.gz"))]
                .into_iter()
                .filter_map(|(coding, path)| Some((coding, Content::new(all.remove(&path)?))))
                .collect();
            let Some(plain) = all.remove(&name) else { continue };
            let content_type = content_type(&name);
            page.files.insert(name, File { content_type, plain: Content::new(plain), compressed });
        }
        page
    }

    /// Whether there is a page at all.
    pub(crate) fn is_built(&self) -> bool {
        self.files.contains_key(INDEX)
    }

    fn answer(&self, path: &str, request: &HeaderMap, status: StatusCode) -> Option<Response> {
        let file = self.files.get(path)?;
        let accepted =
            request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
        let chosen = file.compressed.iter().find(|(coding, _)| accepts(accepted, coding));
        let (coding, content) =
            chosen.map_or((None, &file.plain), |(coding, content)| (Some(*coding), content));
        // Names below assets/ have a hash of the content in them; the others keep theirs when it changes.
        let cache =
            if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, content.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if request.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, &content.etag)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        *response.status_mut() = status;
        *response.body_mut() = Body::from(content.bytes.clone());
        Some(response)
    }
}

impl Content {
    fn new(bytes: Bytes) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..16]);
        let etag = HeaderValue::try_from(format!("\"{hash}\"")).expect("base64url is visible ASCII");
        Self { bytes, etag }
    }
}

/// `GET /`
pub(crate) async fn index(State(hub): State<Arc<Hub>>, request: HeaderMap) -> Response {
    page(&hub, &request, StatusCode::OK)
}

/// `GET /r/{room}`: the page finds the room in its own address. With a name that no room can have, it says so.
pub(crate) async fn room(
    State(hub): State<Arc<Hub>>,
    Path(room): Path<String>,
    request: HeaderMap,
) -> Response {
    let status = if RoomName::new(&room).is_ok() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    page(&hub, &request, status)
}

/// Any other path: a file of the page, or nothing.
pub(crate) async fn file(
    State(hub): State<Arc<Hub>>,
    method: Method,
    uri: Uri,
    request: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], "GET or HEAD only\n")
            .into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let found = hub.page.answer(path, &request, StatusCode::OK);
    found.unwrap_or_else(|| not_found().into_response())
}

fn page(hub: &Hub, request: &HeaderMap, status: StatusCode) -> Response {
    hub.page.answer(INDEX, request, status).unwrap_or_else(|| {
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        (StatusCode::SERVICE_UNAVAILABLE, no_store, NOT_BUILT).into_response()
    })
}

fn bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

/// Whether `Accept-Encoding` (RFC 9110 §12.5.3) names `coding` and does not weigh it zero.
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        named && weight > 0.0
    })
}

/// Whether `If-None-Match` (RFC 9110 §13.1.2) names `etag`.
fn names(header: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(header), Ok(etag)) = (header.to_str(), etag.to_str()) else { return false };
    header.split(',').map(str::trim).any(|item| item == "*" || item.trim_start_matches("W/") == etag)
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn content_type(path: &str) -> &'static str {
    match extension(path) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" | "opus" => "audio/ogg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let file = |path: &str, text: &str| (path.to_owned(), Bytes::from(text.to_owned()));
        Page::new([
            file(INDEX, "<html>"),
            file("assets/index-1a2b.js", "plain"),
            file("assets/index-1a2b.js.br", "brotli"),
            file("assets/index-1a2b.js.gz", "gzip"),
        ])
    }

    fn ask(path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect();
        page().answer(path, &headers, StatusCode::OK).unwrap()
    }

    fn said(response: &Response, name: header::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn the_best_form_that_the_client_takes_is_sent() {
        for (accept, coding, text) in [
            ("gzip, deflate, br", "br", "brotli"),
            ("gzip", "gzip", "gzip"),
            ("GZIP;q=0.5, br;q=0", "gzip", "gzip"),
            ("br;q=nonsense", "", "plain"),
            ("deflate", "", "plain"),
            ("", "", "plain"),
        ] {
            let response = ask("assets/index-1a2b.js", &[(header::ACCEPT_ENCODING, accept)]);
            assert_eq!(said(&response, header::CONTENT_ENCODING), coding, "{accept}");
            assert_eq!(said(&response, header::VARY), "accept-encoding");
            assert_eq!(said(&response, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
            assert_eq!(axum::body::to_bytes(response.into_body(), 99).await.unwrap(), text);
        }
        assert!(page().answer("assets/index-1a2b.js.br", &HeaderMap::new(), StatusCode::OK).is_none());
    }

    #[test]
    fn hashed_names_are_kept_for_ever_and_the_others_are_asked_about() {
        let asset = ask("assets/index-1a2b.js", &[]);
        assert_eq!(said(&asset, header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        let index = ask(INDEX, &[]);
        assert_eq!(said(&index, header::CACHE_CONTROL), "no-cache");
        let etag = said(&index, header::ETAG);
        for known in [etag, "*", &format!("\"x\", W/{etag}")] {
            let response = ask(INDEX, &[(header::IF_NONE_MATCH, known)]);
            assert_eq!((response.status(), said(&response, header::ETAG)), (StatusCode::NOT_MODIFIED, etag));
        }
        assert_eq!(ask(INDEX, &[(header::IF_NONE_MATCH, "\"x\"")]).status(), StatusCode::OK);
        let other_form = ask("assets/index-1a2b.js", &[(header::ACCEPT_ENCODING, "br")]);
        assert_ne!(said(&asset, header::ETAG), said(&other_form, header::ETAG));
    }

    #[test]
    fn without_an_index_there_is_no_page() {
        assert!(page().is_built());
        assert!(!Page::default().is_built());
    }
}
