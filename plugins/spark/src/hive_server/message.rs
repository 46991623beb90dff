//! Messages of Thrift's binary protocol: calls, their answers, and structs in them.

use std::io::Read;

use thrift::protocol::{
    TBinaryInputProtocol, TBinaryOutputProtocol, TFieldIdentifier, TInputProtocol, TMessageIdentifier, TMessageType,
    TOutputProtocol, TStructIdentifier, TType,
};
use thrift::{ApplicationErrorKind, TConfiguration};

use super::Error;

/// The longest answer that is read, in bytes: those to a check are a few KiB, and names of schemas a few more.
pub(super) const LONGEST_ANSWER: u64 = 4 << 20;

/// The longest text in an answer, in bytes: messages of failed statements hold a stack trace.
const LONGEST_TEXT: usize = 1 << 20;

/// Most entries of a list or map in an answer.
const MOST_ENTRIES: usize = 100_000;

/// Deepest nesting of structs in an answer; the deepest of the subset is 6.
const DEEPEST: usize = 16;

/// What an answer may hold.
///
/// # Errors
/// Never, as the limits fit each other.
pub(super) fn limits() -> thrift::Result<TConfiguration> {
    TConfiguration::builder()
        .max_frame_size(Some(LONGEST_TEXT))
        .max_message_size(Some(4 * LONGEST_TEXT))
        .max_string_size(Some(LONGEST_TEXT))
        .max_container_size(Some(MOST_ENTRIES))
        .max_recursion_depth(Some(DEEPEST))
        .build()
}

/// Writes the fields of a request.
pub(super) type Out = TBinaryOutputProtocol<Vec<u8>>;

/// A call of a service function whose one argument is a request struct.
pub(super) fn call(
    name: &str,
    number: i32,
    request: impl FnOnce(&mut Out) -> thrift::Result<()>,
) -> thrift::Result<Vec<u8>> {
    let mut out = TBinaryOutputProtocol::new(Vec::new(), true);
    out.write_message_begin(&TMessageIdentifier::new(name, TMessageType::Call, number))?;
    structure(&mut out, |out| field(out, 1, TType::Struct, |out| structure(out, request)))?;
    out.write_message_end()?;
    out.flush()?;
    Ok(out.transport)
}

/// A struct.
pub(super) fn structure(out: &mut Out, fields: impl FnOnce(&mut Out) -> thrift::Result<()>) -> thrift::Result<()> {
    out.write_struct_begin(&TStructIdentifier::new(""))?;
    fields(out)?;
    out.write_field_stop()?;
    out.write_struct_end()
}

/// A field of a struct.
pub(super) fn field(
    out: &mut Out,
    id: i16,
    kind: TType,
    value: impl FnOnce(&mut Out) -> thrift::Result<()>,
) -> thrift::Result<()> {
    out.write_field_begin(&TFieldIdentifier::new("", kind, id))?;
    value(out)?;
    out.write_field_end()
}

/// Reads the answer to a call: `success` reads the fields of the response struct.
pub(super) fn answer(
    source: Box<dyn Read + '_>,
    name: &str,
    number: i32,
    success: impl FnOnce(&mut dyn TInputProtocol) -> thrift::Result<()>,
) -> Result<(), Error> {
    let mut input = TBinaryInputProtocol::with_config(source.take(LONGEST_ANSWER), true, limits()?);
    let begin = input.read_message_begin()?;
    if begin.message_type == TMessageType::Exception {
        let error = thrift::Error::read_application_error_from_in_protocol(&mut input)?;
        let old = error.kind == ApplicationErrorKind::UnknownMethod;
        return Err(Error::Protocol(if old { format!("the server has no `{name}`") } else { error.message }));
    }
    if begin.message_type != TMessageType::Reply || begin.name != name || begin.sequence_number != number {
        return Err(Error::Protocol(format!("an answer to another call than `{name}`")));
    }
    let mut success = Some(success);
    let mut answered = false;
    read_structure(&mut input, |input, id, kind| match (id, kind, success.take()) {
        (0, TType::Struct, Some(success)) => {
            answered = true;
            success(input).map(|()| true)
        }
        (_, _, untouched) => {
            success = untouched;
            Ok(false)
        }
    })?;
    if answered { Ok(()) } else { Err(Error::Protocol(format!("an empty answer to `{name}`"))) }
}

/// Reads a struct: `field` reads a field and says so, or leaves it alone; then it is skipped.
pub(super) fn read_structure(
    input: &mut dyn TInputProtocol,
    mut field: impl FnMut(&mut dyn TInputProtocol, i16, TType) -> thrift::Result<bool>,
) -> thrift::Result<()> {
    input.read_struct_begin()?;
    loop {
        let begin = input.read_field_begin()?;
        if begin.field_type == TType::Stop {
            break;
        }
        if !field(input, begin.id.unwrap_or_default(), begin.field_type)? {
            input.skip(begin.field_type)?;
        }
        input.read_field_end()?;
    }
    input.read_struct_end()
}
