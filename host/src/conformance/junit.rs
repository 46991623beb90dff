//! The report in the XML that CI systems read.

use std::time::Duration;

use camino::Utf8Path;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{Report, Verdict};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::conformance::NOT_WRITTEN;
use crate::plugins::describe_io;

/// Writes the report of a plugin to a file, as JUnit XML: one suite, one case a check.
///
/// # Errors
/// Where it cannot be written; the former file is whole then.
pub fn save_junit(file: &Utf8Path, plugin: &str, report: &Report) -> Result<(), Diagnostic> {
    let mut suite = TestSuite::new(format!("floe plugin test {plugin}"));
    for check in &report.checks {
        let mut case = TestCase::new(check.check, status(&check.verdict));
        case.set_classname(plugin).set_time(check.elapsed);
        suite.add_test_case(case);
    }
    suite.set_time(report.checks.iter().map(|check| check.elapsed).sum::<Duration>());
    let mut document = Document::new("floe plugin test");
    document.add_test_suite(suite);
    let folder = file.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let write = || -> Result<(), String> {
        let mut staged = tempfile::NamedTempFile::new_in(folder).map_err(|error| describe_io(&error))?;
        document.serialize(&mut staged).map_err(|error| error.to_string())?;
        staged.persist(file).map_err(|error| describe_io(&error.error))?;
        Ok(())
    };
    write().map_err(|why| {
        Diagnostic::error(
            &NOT_WRITTEN,
            format!("{file} cannot be written: {why}"),
            "see that its folder exists, that you may write there, and that the disk is not full",
        )
    })
}

fn status(verdict: &Verdict) -> TestCaseStatus {
    match verdict {
        Verdict::Passed(_) => TestCaseStatus::success(),
        Verdict::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
        Verdict::Failed(findings) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let lines: Vec<_> = findings.iter().map(|found| format!("{}\n  {}", found.message, found.help)).collect();
            if let Some(first) = findings.first() {
                status.set_message(first.message.as_str());
            }
            status.set_description(lines.join("\n"));
            status
        }
    }
}
