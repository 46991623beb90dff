//! The HiveServer2 client against the real server and against rubbish.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{self, Cursor, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use floe_plugin_spark::hive_server::{Buffered, Channel, Error, Io, Sasl, Session};
use floe_tests::servers::spark::{Mode, PASSWORD, server};
use proptest::prelude::*;

fn stream(mode: Mode) -> Box<dyn Io> {
    let stream = TcpStream::connect(("127.0.0.1", server(mode).port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    Box::new(stream)
}

fn channel(mode: Mode) -> Box<dyn Channel> {
    match mode {
        Mode::NoSasl => Box::new(Buffered::new(stream(mode))),
        _ => Box::new(Sasl::plain(stream(mode), "dbt", PASSWORD).unwrap()),
    }
}

#[test]
fn a_session_over_each_transport() {
    for mode in [Mode::None, Mode::Password, Mode::NoSasl] {
        let mut session = Session::open(channel(mode), "dbt", &[]).unwrap();
        assert_eq!(session.version().unwrap(), "3.5.9");
        assert!(session.has_schema("default").unwrap());
        assert!(session.has_schema("DEFAULT").unwrap(), "Spark knows no case");
        assert!(!session.has_schema("no_such_schema").unwrap());
        assert!(!session.has_schema("%").unwrap());
        assert_eq!(session.execute("SELECT current_user()").unwrap().as_deref(), Some("dbt"));
        assert_eq!(session.execute("SELECT 'héllo ✓'").unwrap().as_deref(), Some("héllo ✓"));
        assert_eq!(session.execute("SELECT 1").unwrap(), None, "no text");
        assert_eq!(session.execute("USE `default`").unwrap(), None);
        session.close().unwrap();
    }
}

#[test]
fn settings_hold_in_the_session() {
    let setting = |value: &str| [("set:spark.sql.shuffle.partitions".to_owned(), value.to_owned())];
    let mut session = Session::open(channel(Mode::None), "dbt", &setting("7")).unwrap();
    // Spark puts its settings into texts.
    assert_eq!(session.execute("SELECT '${spark.sql.shuffle.partitions}'").unwrap().as_deref(), Some("7"));
    session.close().unwrap();
}

#[test]
fn a_statement_that_fails_leaves_the_session_whole() {
    let mut session = Session::open(channel(Mode::None), "dbt", &[]).unwrap();
    let Err(Error::Server(status)) = session.execute("SELECT * FROM no_such_table") else { panic!("it failed") };
    assert!(status.message.contains("TABLE_OR_VIEW_NOT_FOUND"), "{}", status.message);
    assert_eq!(status.sql_state.as_deref(), Some("42P01"));
    // Over the longest text: the rest of the connection could not be understood.
    assert_eq!(session.version().unwrap(), "3.5.9");
    assert!(session.execute("SELECT repeat('x', 1000000)").unwrap().is_some_and(|text| text.len() == 1_000_000));
    session.close().unwrap();
}

#[test]
fn an_answer_that_is_too_long_is_refused() {
    let mut session = Session::open(channel(Mode::None), "dbt", &[]).unwrap();
    for statement in ["SELECT repeat('x', 2000000)", "SELECT repeat('x', 20000000)"] {
        assert!(matches!(session.execute(statement), Err(Error::Protocol(_))), "{statement}");
        session = Session::open(channel(Mode::None), "dbt", &[]).unwrap();
    }
}

#[test]
fn a_wrong_password_is_denied_in_the_servers_words() {
    let denied = Sasl::plain(stream(Mode::Password), "dbt", "hunter2").err().unwrap();
    assert_eq!(denied.to_string(), "the login is refused: Error validating the login");
}

/// A server that answers with what it was given, whatever it is asked, and remembers nothing.
struct Rubbish(Cursor<Vec<u8>>);

impl Read for Rubbish {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Rubbish {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rubbish(bytes: &[u8]) -> Box<dyn Io> {
    Box::new(Rubbish(Cursor::new(bytes.to_vec())))
}

/// The head of an answer to `OpenSession`, as a reply or exception.
fn head(kind: u8) -> Vec<u8> {
    let mut bytes = vec![0x80, 1, 0, kind];
    bytes.extend(11_u32.to_be_bytes());
    bytes.extend(b"OpenSession");
    bytes.extend(1_u32.to_be_bytes());
    bytes
}

fn opened(bytes: &[u8]) -> String {
    match Session::open(Box::new(Buffered::new(rubbish(bytes))), "dbt", &[]) {
        Ok(_) => "a session".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Field 0 of the result, the response; its field 1, the status, code 0.
const STATUS: &[u8] = b"\x0c\0\0\x0c\0\x01\x08\0\x01\0\0\0\0\0";

#[test]
fn answers_that_are_none() {
    let after = |kind: u8, rest: &[u8]| opened(&[head(kind).as_slice(), rest].concat());
    let nested: Vec<u8> = [b"\x0c\0\0".as_slice(), &b"\x0c\0\x09".repeat(100_000)].concat();
    let list = |size: i32| [STATUS, b"\x0f\0\x09\x0b", &size.to_be_bytes()].concat();
    let found = [
        opened(b""),
        opened(b"\x80\x01\0"),
        opened(b"\0\0\0\x0bOpenSession\x02\0\0\0\x01\0"),
        opened(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        opened(b"SSH-2.0-OpenSSH_9.2\r\n"),
        opened(&[0x15, 3, 3, 0, 2, 2, 40]),
        opened(b"\x04\0\0\0\x13Invalid status -128"),
        opened(&[0; 64]),
        opened(&[0xff; 64]),
        after(2, b""),
        after(2, b"\0"),
        after(2, STATUS),
        after(2, &[STATUS, b"\x08\0\x02\0\0\0\x03\0\0"].concat()),
        after(2, &[STATUS, b"\x08\0\x02\0\0\0\x05\0\0"].concat()),
        after(2, b"\x0c\0\0\x0c\0\x01\x08\0\x01\0\0\0\x03\x0b\0\x05\0\0\0\x02no\0\0\0"),
        after(2, b"\x0c\0\0\0\0"),
        after(2, b"\x0b\0\0\x7f\xff\xff\xff"),
        after(2, b"\x0b\0\0\xff\xff\xff\xff"),
        after(2, &nested),
        after(2, &list(i32::MAX)),
        after(2, &list(-1)),
        after(2, &list(100_000)),
        after(3, b"\x0b\0\x01\0\0\0\x04what\x08\0\x02\0\0\0\x01\0"),
        after(1, b"\0"),
    ];
    insta::assert_json_snapshot!(found);
}

#[test]
fn an_answer_without_end_ends() {
    /// Structs without end, each of which is skipped.
    struct Endless(Vec<u8>, usize);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            for byte in buffer.iter_mut() {
                let head = self.0.get(self.1).copied();
                // Fields 9 of type i8, one behind the other.
                *byte = head.unwrap_or([3, 0, 9, 0][(self.1 - self.0.len().min(self.1)) % 4]);
                self.1 += 1;
            }
            Ok(buffer.len())
        }
    }
    impl Write for Endless {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            Ok(buffer.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let begun = Instant::now();
    let channel = Buffered::new(Box::new(Endless(head(2), 0)));
    let error = Session::open(Box::new(channel), "dbt", &[]).err().unwrap();
    assert!(matches!(error, Error::Io(_) | Error::Protocol(_)), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// No bytes make the client panic, hang, or take much memory.
    #[test]
    fn rubbish_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 1_u8..4) {
        let _ = opened(&bytes);
        let _ = opened(&[head(kind).as_slice(), &bytes].concat());
        let _ = Sasl::plain(rubbish(&bytes), "dbt", "x").is_ok();
        let framed = [b"\x05\0\0\0\0".as_slice(), &200_u32.to_be_bytes(), &head(kind), &bytes].concat();
        if let Ok(channel) = Sasl::plain(rubbish(&framed), "dbt", "x") {
            let _ = Session::open(Box::new(channel), "dbt", &[]).is_ok();
        }
    }
}
