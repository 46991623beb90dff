//! Messages in HTTP requests: Databricks, and servers with `hive.server2.transport.mode=http`.

use std::io::{Cursor, Read};
use std::sync::Arc;

use floe_plugin_common::check::http::{Client, HeaderMap, HeaderValue};

use super::Error;
use super::channel::Channel;

/// A path of an HTTP server that takes messages.
pub struct Http {
    client: Arc<Client>,
    path: String,
    headers: HeaderMap,
}

impl Http {
    /// Over a client; the headers say who asks.
    pub fn new(client: Arc<Client>, path: impl Into<String>, mut headers: HeaderMap) -> Self {
        headers.insert("content-type", HeaderValue::from_static("application/x-thrift"));
        Self { client, path: path.into(), headers }
    }
}

impl Channel for Http {
    fn call<'a>(&'a mut self, message: &[u8]) -> Result<Box<dyn Read + 'a>, Error> {
        let answer = self.client.post(&self.path, &self.headers, message).map_err(|e| Error::Http(Box::new(e)))?;
        if answer.status == 200 {
            return Ok(Box::new(Cursor::new(answer.body)));
        }
        // Databricks gives the reason in a header of its own.
        let words = answer.header("x-thriftserver-error-message").map(|words| words.chars().take(300).collect());
        Err(Error::Status(answer.status, words))
    }
}
