//! Somebody at a browser: keeps cookies, sends the token of the last form, follows no redirect by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::{Agent, Body};

use super::Server;

/// One browser.
pub struct Visitor {
    agent: Agent,
    url: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Where it redirects to.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// The answer, when its status is the expected one.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }

    /// The value of the first input of this name in the page.
    pub fn input(&self, name: &str) -> Option<String> {
        let page = self.text();
        page.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).find_map(|tag| {
            (attribute(tag, "name").as_deref() == Some(name)).then(|| attribute(tag, "value").unwrap_or_default())
        })
    }
}

impl Visitor {
    /// A new browser at this server's door.
    pub fn at(server: &Server) -> Visitor {
        Visitor::at_url(server.url())
    }

    /// A new browser at a URL without path.
    pub fn at_url(url: &str) -> Visitor {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build()
            .new_agent();
        Visitor { agent, url: url.trim_end_matches('/').to_owned(), cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], &[])
    }

    /// Opens a page and follows up to five redirects within the server.
    pub fn open(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path);
        for _ in 0..5 {
            if !(300..400).contains(&answer.status) {
                break;
            }
            let next = answer.location().trim_start_matches(&self.url).to_owned();
            answer = self.get(&next);
        }
        answer
    }

    /// Sends a form with the token of the last page that had one.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_as_is(path, &all)
    }

    /// Sends a form with exactly these fields.
    pub fn post_as_is(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.url.clone();
        let body = fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect::<Vec<_>>().join("&");
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        self.send("POST", path, &headers, body.as_bytes())
    }

    /// Sends a form with a file, with the token of the last page that had one.
    pub fn upload(&mut self, path: &str, fields: &[(&str, &str)], field: &str, name: &str, content: &[u8]) -> Answer {
        let boundary = "----accession-test-6f1d2c";
        let mut body = Vec::new();
        let csrf = self.csrf.clone();
        for (key, value) in [("csrf", csrf.as_str())].iter().chain(fields) {
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n").as_bytes(),
            );
        }
        body.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let origin = self.url.clone();
        let kind = format!("multipart/form-data; boundary={boundary}");
        self.send("POST", path, &[("content-type", kind.as_str()), ("origin", origin.as_str())], &body)
    }

    /// Sends any request; the cookies go along.
    #[track_caller]
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends any request to a server that may be gone.
    pub fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", cookies.join("; "));
        }
        let agent = &self.agent;
        let answered = if method == "GET" || method == "HEAD" {
            agent.run(request.body(()).unwrap())
        } else {
            agent.run(request.body(body).unwrap())
        };
        let answer = take(answered?)?;
        self.remember(&answer);
        Ok(answer)
    }

    /// Goes on at another server of the same registry, with the cookies it has.
    pub fn move_to(&mut self, server: &Server) {
        self.url = server.url().to_owned();
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The cookies it holds.
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// Puts a cookie in by hand.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The token of the last page with a form.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    fn remember(&mut self, answer: &Answer) {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            let gone = value.is_empty() || cookie.to_ascii_lowercase().contains("max-age=0");
            if gone {
                self.cookies.remove(name.trim());
            } else {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
            && let Some(token) = answer.input("csrf")
        {
            self.csrf = token;
        }
    }
}

fn take(response: Response<Body>) -> Result<Answer, ureq::Error> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let bytes = response.into_body().into_with_config().limit(1 << 30).read_to_vec()?;
    Ok(Answer { status, headers, bytes })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

/// A form's encoding of a text.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
