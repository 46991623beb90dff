//! Diagnostics as machines read them. The shape is part of floe's public interface.

use serde_json::{Map, Value, json};

use super::{Diagnostic, Report};

impl Report {
    /// One object a diagnostic, in order; see [`Diagnostic::to_json`].
    pub fn to_json(&self, correlation_id: &str) -> Vec<Value> {
        self.diagnostics().iter().map(|diagnostic| diagnostic.to_json(correlation_id)).collect()
    }
}

impl Diagnostic {
    /// `{code, severity, message, help, spans: [{file, line, column}], correlation_id}`, and `label` in a span, `kind`
    /// and `compute` where they are set.
    pub fn to_json(&self, correlation_id: &str) -> Value {
        let spans = self.labels.iter().map(|label| {
            let position = label.span.position();
            let file = label.span.source().path().as_str();
            let mut span = json!({"file": file, "line": position.line, "column": position.column});
            if let (Some(text), Some(span)) = (&label.text, span.as_object_mut()) {
                span.insert("label".to_owned(), Value::from(text.as_str()));
            }
            span
        });
        let mut object = Map::new();
        object.insert("code".to_owned(), Value::from(self.code.id));
        object.insert("severity".to_owned(), Value::from(self.severity.as_str()));
        object.insert("message".to_owned(), Value::from(self.message.as_str()));
        object.insert("help".to_owned(), Value::from(self.help.as_str()));
        object.insert("spans".to_owned(), spans.collect());
        if let Some(kind) = self.kind.and_then(|kind| serde_json::to_value(kind).ok()) {
            object.insert("kind".to_owned(), kind);
        }
        if let Some(compute) = &self.compute {
            object.insert("compute".to_owned(), Value::from(compute.as_str()));
        }
        object.insert("correlation_id".to_owned(), Value::from(correlation_id));
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Code, Source, Span};
    use floe_plugin_api::ErrorKind;

    static CODE: Code = Code { id: "F9999", title: "A test", explanation: "" };

    #[test]
    fn the_shape_for_machines() {
        let source = Source::new("m.yaml", "a: 1\nb: 2\n");
        let error = Diagnostic::error(&CODE, "refused", "start it")
            .at(Span::new(&source, 5, 6))
            .labelled(Span::new(&source, 0, 1), "see here")
            .of_kind(ErrorKind::Connection)
            .for_compute("spark");
        let report = Report::new(vec![error, Diagnostic::warning(&CODE, "plain", "")]);
        insta::assert_json_snapshot!(report.to_json("7f3b"), @r#"
        [
          {
            "code": "F9999",
            "severity": "error",
            "message": "refused",
            "help": "start it",
            "spans": [
              {
                "file": "m.yaml",
                "line": 2,
                "column": 1
              },
              {
                "file": "m.yaml",
                "line": 1,
                "column": 1,
                "label": "see here"
              }
            ],
            "kind": "connection",
            "compute": "spark",
            "correlation_id": "7f3b"
          },
          {
            "code": "F9999",
            "severity": "warning",
            "message": "plain",
            "help": "",
            "spans": [],
            "correlation_id": "7f3b"
          }
        ]
        "#);
    }
}
