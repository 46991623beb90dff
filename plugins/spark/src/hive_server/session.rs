//! A session, and the calls that a check makes in it.

use std::thread;
use std::time::Duration;

use thrift::protocol::{TInputProtocol, TOutputProtocol as _, TType};

use super::Error;
use super::channel::Channel;
use super::message::{self, Out, field};
use super::types::{Handle, Operation, Status, read_rows, text};

/// `HIVE_CLI_SERVICE_PROTOCOL_V6`: what PyHive, and so dbt-spark, asks for.
const PROTOCOL: i32 = 5;

/// `CLI_DBMS_VER` of `TGetInfoType`.
const VERSION: i32 = 18;

/// Most rows that are fetched.
const MOST_ROWS: i64 = 1000;

/// `TOperationState`.
const INITIALIZED: i32 = 0;
const RUNNING: i32 = 1;
const FINISHED: i32 = 2;
const PENDING: i32 = 7;

/// A session on a server.
pub struct Session {
    channel: Box<dyn Channel>,
    handle: Handle,
    calls: i32,
    broken: bool,
}

impl Session {
    /// Opens a session for a user with settings (`spark.sql.ansi.enabled`, …), as dbt-spark does.
    ///
    /// # Errors
    /// As the channel, or [`Error::Server`] where the server refuses.
    pub fn open(channel: Box<dyn Channel>, user: &str, settings: &[(String, String)]) -> Result<Self, Error> {
        let mut session = Self { channel, handle: Handle::default(), calls: 0, broken: false };
        let mut handle = None;
        let mut version = None;
        session.call(
            "OpenSession",
            |out| {
                field(out, 1, TType::I32, |out| out.write_i32(PROTOCOL))?;
                field(out, 2, TType::String, |out| out.write_string(user))?;
                field(out, 4, TType::Map, |out| write_map(out, settings))
            },
            |input, id, kind| {
                match (id, kind) {
                    (2, TType::I32) => version = Some(input.read_i32()?),
                    (3, TType::Struct) => handle = Handle::read_wrapped(input)?,
                    _ => return Ok(false),
                }
                Ok(true)
            },
        )?;
        // PyHive takes this version and no other.
        if version != Some(PROTOCOL) {
            return Err(Error::Protocol(
                "a session of a protocol version below 6, which dbt's driver refuses".to_owned(),
            ));
        }
        session.handle = handle.ok_or_else(|| Error::Protocol("a session without a handle".to_owned()))?;
        Ok(session)
    }

    /// The engine's version, as it says it: `3.5.9`.
    ///
    /// # Errors
    /// As every call.
    pub fn version(&mut self) -> Result<String, Error> {
        let mut version = String::new();
        let handle = self.handle.clone();
        self.call(
            "GetInfo",
            |out| {
                handle.write_as_session(out)?;
                field(out, 2, TType::I32, |out| out.write_i32(VERSION))
            },
            |input, id, kind| {
                if (id, kind) != (2, TType::Struct) {
                    return Ok(false);
                }
                message::read_structure(input, |input, id, kind| {
                    if (id, kind) == (1, TType::String) {
                        version = text(input)?;
                    }
                    Ok((id, kind) == (1, TType::String))
                })?;
                Ok(true)
            },
        )?;
        Ok(version)
    }

    /// Whether there is a schema of this name, whatever its case.
    ///
    /// # Errors
    /// As every call.
    pub fn has_schema(&mut self, name: &str) -> Result<bool, Error> {
        let handle = self.handle.clone();
        let operation = self.start("GetSchemas", |out| {
            handle.write_as_session(out)?;
            // A pattern, in which `_` fits any character: so the names are compared below.
            field(out, 3, TType::String, |out| out.write_string(name))
        })?;
        let columns = self.rows(&operation)?;
        Ok(columns.first().into_iter().flatten().any(|found| found.eq_ignore_ascii_case(name)))
    }

    /// Sends a statement, waits for it, and gives the first text of its first column.
    ///
    /// # Errors
    /// As every call; [`Error::Server`] where the statement fails.
    pub fn execute(&mut self, statement: &str) -> Result<Option<String>, Error> {
        let handle = self.handle.clone();
        let operation = self.start("ExecuteStatement", |out| {
            handle.write_as_session(out)?;
            field(out, 2, TType::String, |out| out.write_string(statement))?;
            field(out, 4, TType::Bool, |out| out.write_bool(true))
        })?;
        let columns = self.rows(&operation)?;
        Ok(columns.into_iter().next().and_then(|column| column.into_iter().next()))
    }

    /// Whether it is of no more use: the connection failed, or the server has ended the session.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Ends the session.
    ///
    /// # Errors
    /// As every call.
    pub fn close(mut self) -> Result<(), Error> {
        self.end()
    }

    /// Ends the session, but not the connection.
    ///
    /// # Errors
    /// As every call.
    pub fn end(&mut self) -> Result<(), Error> {
        let handle = self.handle.clone();
        self.call("CloseSession", |out| handle.write_as_session(out), |_, _, _| Ok(false))
    }

    fn start(&mut self, name: &str, request: impl FnOnce(&mut Out) -> thrift::Result<()>) -> Result<Operation, Error> {
        let mut operation = None;
        self.call(name, request, |input, id, kind| {
            if (id, kind) == (2, TType::Struct) {
                operation = Some(Operation::read(input)?);
            }
            Ok((id, kind) == (2, TType::Struct))
        })?;
        operation.ok_or_else(|| Error::Protocol(format!("no operation for `{name}`")))
    }

    /// The rows of an operation once it is finished; closes it, however it ends.
    fn rows(&mut self, operation: &Operation) -> Result<Vec<Vec<String>>, Error> {
        let rows = self.wait(operation).and_then(|()| self.fetch(operation));
        let closed = self.call("CloseOperation", |out| operation.write_as_operation(out), |_, _, _| Ok(false));
        rows.and_then(|rows| closed.map(|()| rows))
    }

    fn wait(&mut self, operation: &Operation) -> Result<(), Error> {
        let mut pause = Duration::from_millis(2);
        loop {
            let mut state = INITIALIZED;
            let mut failure = Status { code: 3, ..Status::default() };
            self.call(
                "GetOperationStatus",
                |out| operation.write_as_operation(out),
                |input, id, kind| {
                    match (id, kind) {
                        (2, TType::I32) => state = input.read_i32()?,
                        (3, TType::String) => failure.sql_state = Some(text(input)?),
                        (5, TType::String) => failure.message = text(input)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                },
            )?;
            match state {
                FINISHED => return Ok(()),
                // The next question ends with the deadline of the stream.
                INITIALIZED | RUNNING | PENDING => thread::sleep(pause),
                _ => return Err(Error::Server(failure)),
            }
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    fn fetch(&mut self, operation: &Operation) -> Result<Vec<Vec<String>>, Error> {
        let mut columns = Vec::new();
        if operation.has_rows {
            self.call(
                "FetchResults",
                |out| {
                    operation.write_as_operation(out)?;
                    field(out, 2, TType::I32, |out| out.write_i32(0))?;
                    field(out, 3, TType::I64, |out| out.write_i64(MOST_ROWS))
                },
                |input, id, kind| {
                    if (id, kind) == (3, TType::Struct) {
                        columns = read_rows(input)?;
                    }
                    Ok((id, kind) == (3, TType::Struct))
                },
            )?;
        }
        Ok(columns)
    }

    /// A call: `response` reads the fields of the answer beside its status.
    fn call(
        &mut self,
        name: &str,
        request: impl FnOnce(&mut Out) -> thrift::Result<()>,
        response: impl FnMut(&mut dyn TInputProtocol, i16, TType) -> thrift::Result<bool>,
    ) -> Result<(), Error> {
        // A session that is kept may make more calls than there are numbers.
        self.calls = self.calls.wrapping_add(1);
        let called = self.exchange(name, request, response);
        self.broken |= called.as_ref().is_err_and(Error::ends_session);
        called
    }

    fn exchange(
        &mut self,
        name: &str,
        request: impl FnOnce(&mut Out) -> thrift::Result<()>,
        mut response: impl FnMut(&mut dyn TInputProtocol, i16, TType) -> thrift::Result<bool>,
    ) -> Result<(), Error> {
        let source = self.channel.call(&message::call(name, self.calls, request)?)?;
        let mut status = None;
        message::answer(source, name, self.calls, |input| {
            message::read_structure(input, |input, id, kind| {
                if (id, kind) == (1, TType::Struct) {
                    status = Some(Status::read(input)?);
                    return Ok(true);
                }
                response(input, id, kind)
            })
        })?;
        status.ok_or_else(|| Error::Protocol(format!("an answer to `{name}` without a status")))?.checked()
    }
}

fn write_map(out: &mut Out, entries: &[(String, String)]) -> thrift::Result<()> {
    let size = i32::try_from(entries.len()).unwrap_or(i32::MAX);
    out.write_map_begin(&thrift::protocol::TMapIdentifier::new(TType::String, TType::String, size))?;
    for (name, value) in entries {
        out.write_string(name)?;
        out.write_string(value)?;
    }
    out.write_map_end()
}
