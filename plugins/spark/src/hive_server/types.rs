//! The structs of `TCLIService.thrift` that the calls here use. Field numbers are those of the file.

use thrift::protocol::{TInputProtocol, TOutputProtocol as _, TType};

use super::Error;
use super::message::{Out, field, read_structure, structure};

/// `TStatus`: whether a call went well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// `TStatusCode`: 0 success, 1 success with information, 2 still executing, 3 error, 4 invalid handle.
    pub code: i32,
    /// SQL state, such as `42000`.
    pub sql_state: Option<String>,
    /// What went wrong, in the server's words.
    pub message: String,
}

impl Status {
    pub(super) fn read(input: &mut dyn TInputProtocol) -> thrift::Result<Self> {
        let mut status = Self::default();
        read_structure(input, |input, id, kind| {
            match (id, kind) {
                (1, TType::I32) => status.code = input.read_i32()?,
                (3, TType::String) => status.sql_state = Some(text(input)?),
                (5, TType::String) => status.message = text(input)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(status)
    }

    pub(super) fn checked(self) -> Result<(), Error> {
        if matches!(self.code, 0..=2) { Ok(()) } else { Err(Error::Server(self)) }
    }
}

/// `THandleIdentifier`: what the server calls a session or an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handle {
    guid: Vec<u8>,
    secret: Vec<u8>,
}

impl Handle {
    pub(super) fn read(input: &mut dyn TInputProtocol) -> thrift::Result<Self> {
        let mut handle = Self::default();
        read_structure(input, |input, id, kind| {
            match (id, kind) {
                (1, TType::String) => handle.guid = input.read_bytes()?,
                (2, TType::String) => handle.secret = input.read_bytes()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(handle)
    }

    /// `TSessionHandle`, which holds nothing else.
    pub(super) fn read_wrapped(input: &mut dyn TInputProtocol) -> thrift::Result<Option<Self>> {
        let mut found = None;
        read_structure(input, |input, id, kind| {
            if (id, kind) == (1, TType::Struct) {
                found = Some(Self::read(input)?);
            }
            Ok((id, kind) == (1, TType::Struct))
        })?;
        Ok(found)
    }

    fn write(&self, out: &mut Out) -> thrift::Result<()> {
        structure(out, |out| {
            field(out, 1, TType::String, |out| out.write_bytes(&self.guid))?;
            field(out, 2, TType::String, |out| out.write_bytes(&self.secret))
        })
    }

    /// The field `sessionHandle` of a request.
    pub(super) fn write_as_session(&self, out: &mut Out) -> thrift::Result<()> {
        field(out, 1, TType::Struct, |out| structure(out, |out| field(out, 1, TType::Struct, |out| self.write(out))))
    }
}

/// `TOperationHandle`: a statement or a question about the catalog that the server works on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operation {
    id: Handle,
    kind: i32,
    /// Whether rows can be fetched.
    pub has_rows: bool,
}

impl Operation {
    pub(super) fn read(input: &mut dyn TInputProtocol) -> thrift::Result<Self> {
        let mut operation = Self::default();
        read_structure(input, |input, id, kind| {
            match (id, kind) {
                (1, TType::Struct) => operation.id = Handle::read(input)?,
                (2, TType::I32) => operation.kind = input.read_i32()?,
                (3, TType::Bool) => operation.has_rows = input.read_bool()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(operation)
    }

    /// The field `operationHandle` of a request.
    pub(super) fn write_as_operation(&self, out: &mut Out) -> thrift::Result<()> {
        field(out, 1, TType::Struct, |out| {
            structure(out, |out| {
                field(out, 1, TType::Struct, |out| self.id.write(out))?;
                field(out, 2, TType::I32, |out| out.write_i32(self.kind))?;
                field(out, 3, TType::Bool, |out| out.write_bool(self.has_rows))
            })
        })
    }
}

/// `TRowSet`: the texts of each column; columns of another type are empty.
pub(super) fn read_rows(input: &mut dyn TInputProtocol) -> thrift::Result<Vec<Vec<String>>> {
    let mut columns = Vec::new();
    read_structure(input, |input, id, kind| {
        if (id, kind) != (3, TType::List) {
            return Ok(false);
        }
        let list = input.read_list_begin()?;
        for _ in 0..list.size {
            if list.element_type == TType::Struct {
                columns.push(read_column(input)?);
            } else {
                input.skip(list.element_type)?;
            }
        }
        input.read_list_end()?;
        Ok(true)
    })?;
    Ok(columns)
}

/// `TColumn`, a union; its 7th kind is `TStringColumn`.
fn read_column(input: &mut dyn TInputProtocol) -> thrift::Result<Vec<String>> {
    let mut values = Vec::new();
    read_structure(input, |input, id, kind| {
        if (id, kind) != (7, TType::Struct) {
            return Ok(false);
        }
        read_structure(input, |input, id, kind| {
            if (id, kind) != (1, TType::List) {
                return Ok(false);
            }
            let list = input.read_list_begin()?;
            for _ in 0..list.size {
                if list.element_type == TType::String {
                    values.push(text(input)?);
                } else {
                    input.skip(list.element_type)?;
                }
            }
            input.read_list_end()?;
            Ok(true)
        })?;
        Ok(true)
    })?;
    Ok(values)
}

/// A text, whatever its bytes: some servers cut messages in the middle of a character.
pub(super) fn text(input: &mut dyn TInputProtocol) -> thrift::Result<String> {
    Ok(String::from_utf8_lossy(&input.read_bytes()?).into_owned())
}
