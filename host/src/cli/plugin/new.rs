//! `floe plugin new`.

use std::fmt::Write as _;

use camino::Utf8PathBuf;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::diagnostics::Diagnostic;
use crate::scaffold::{self, Ask, COPY, Written};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Name of the plugin, as manifests are to write it
    name: String,

    /// The engine, as people call it; made from the name without
    #[arg(long, value_name = "TEXT")]
    engine: Option<String>,

    /// The type of the engine's dbt adapter; the plugin's name without
    #[arg(long, value_name = "TYPE")]
    adapter: Option<String>,

    /// The folder of the new crate; floe-plugin-NAME without
    #[arg(long, value_name = "FOLDER")]
    out: Option<Utf8PathBuf>,

    /// A folder with the sources of floe-plugin-api; the crate gets a copy of its own without
    #[arg(long, value_name = "FOLDER")]
    plugin_api: Option<Utf8PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Answer, Vec<Diagnostic>> {
    let ask = Ask {
        name: args.name.clone(),
        engine: args.engine.clone(),
        adapter: args.adapter.clone(),
        out: args.out.clone(),
        plugin_api: args.plugin_api.clone(),
    };
    let written = scaffold::new_plugin(&ask)?;
    let text = text(&written);
    let paths = written.files.iter().map(|file| json!({"path": written.folder.join(file)}));
    let files: Vec<_> = paths.collect();
    Ok(Answer::text(text).with("plugins", vec![written]).with("files", files))
}

fn text(written: &Written) -> String {
    let Written { names, folder, files } = written;
    let mut text = format!(
        "wrote {folder}: plugin `{}` for {}, dbt adapter `{}`\n\n",
        names.name, names.engine, names.dbt_adapter
    );
    let copy = format!("{COPY}/");
    let (copied, own): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.starts_with(&copy));
    for file in own {
        let _ = writeln!(text, "  {file}");
    }
    if !copied.is_empty() {
        let _ = writeln!(text, "  {copy:<26}({} files: what every plugin depends on)", copied.len());
    }
    let library =
        format!("target/release/{}{}{}", std::env::consts::DLL_PREFIX, names.library, std::env::consts::DLL_SUFFIX);
    let _ = write!(
        text,
        "\nnext:\n  \
         cd {folder}\n  \
         cargo build --release\n  \
         floe plugin inspect {library}\n  \
         cargo test --release\n  \
         grep -rn TODO src Cargo.toml     what is left to write, in the order of the numbers\n"
    );
    text
}
