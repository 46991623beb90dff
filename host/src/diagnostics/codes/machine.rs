//! F09xx: this machine.

super::codes! {
    FILE_NOT_FOUND = "F0901", "No such file",
    "A file that a command line or another document names does not exist.\n\n\
     Check the spelling. A path in a document counts from the folder of that document, one on the command line from the \
     current folder.";
    FILE_UNREADABLE = "F0902", "A file cannot be read",
    "The operating system refuses to read a file: most often its permissions, or those of a folder above it, do not \
     allow it.\n\nLook at them with `ls -l`, and allow the user that runs floe to read it.";
    NOT_A_FILE = "F0903", "Not a file",
    "A path leads to a folder or a device where a file is expected.\n\nName the file itself, as in \
     `--manifest conf/manifest.yaml`.";
    TELEMETRY = "F0904", "Telemetry is not exported",
    "The variables of OpenTelemetry (`OTEL_…`) ask for something that floe cannot do: another protocol than OTLP over HTTP, \
     another exporter, a file of certificates that cannot be read.\n\nThe command works as without them, and exports what it \
     can. Set `OTEL_EXPORTER_OTLP_ENDPOINT` to an OTLP receiver (`http://collector:4318`), and leave \
     `OTEL_EXPORTER_OTLP_PROTOCOL` out or set it to `http/protobuf` or `http/json`.";
}
