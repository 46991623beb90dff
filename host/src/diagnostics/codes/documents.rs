//! F01xx: reading documents.

super::codes! {
    SYNTAX = "F0101", "Not valid YAML",
    "The file cannot be read as YAML 1.2. Reading stops at the first such error, so that there may be more behind it.\n\n\
     ```yaml\ncompute: {approved: [duckdb}     # the bracket is not closed\nnote: see: here                  # `: ` within a value\n```\n\n\
     Check the marked line and the one before: indentation, brackets, quotes. Put a value that holds `: `, ` #` or \
     braces, or that begins with one of `@ % & * ! | > [ {`, in quotes.";
    DUPLICATE_KEY = "F0102", "A key stands twice",
    "One mapping holds the same key twice. YAML forbids that, and readers differ in which one they take, so floe refuses \
     it. Both places are shown.\n\n```yaml\nconfig:\n  threads: 4\n  threads: 8\n```\n\n\
     Keep one of them. A key that comes in through `<<` is no duplicate: the mapping's own key wins.";
    KEY_TYPE = "F0103", "A key is not text",
    "Keys must be text. YAML reads `1`, `true` or `null` without quotes as something else, and `{{ … }}` without quotes \
     as a mapping in a mapping.\n\n```yaml\nvars:\n  2026: open            # a number\n\
     password: {{ env_var('PW') }}   # no text at all\n```\n\nPut it in quotes: `\"2026\"`, `\"{{ env_var('PW') }}\"`.";
    SEVERAL_DOCUMENTS = "F0104", "More than one document in a file",
    "A file holds several YAML documents, separated by `---`. floe reads one document a file, because it could not say \
     otherwise which one counts.\n\nMove the others to files of their own and remove the `---`. One `---` as the first \
     line is fine.";
    TOO_DEEP = "F0105", "Nested too deep",
    "Mappings and lists are nested more than 64 deep. No setting of floe or of a plugin needs that; it is most often \
     the result of a generator that went wrong, or of aliases within aliases.\n\nFlatten the document.";
    TOO_LARGE = "F0106", "The document is too large",
    "A document may have 16 MiB and a million values; an alias counts for all that it stands for, so that a small file \
     cannot unfold into a huge one.\n\nUse fewer aliases, or split the product into several specs.";
    ENCODING = "F0107", "Not UTF-8 text",
    "The file holds bytes that are no UTF-8, or control characters, which YAML does not allow.\n\n\
     Save it as UTF-8 (editors call it the encoding of the file). A control character in a value can be written as an \
     escape in double quotes: `\"\\x1b\"`.";
    TAG = "F0108", "Unknown tag",
    "A value carries a YAML tag (`!vault`, `!!binary`, …) that floe does not read. Known are `!!str`, `!!int`, \
     `!!float`, `!!bool`, `!!null`, `!!seq` and `!!map`.\n\nRemove the tag. For a secret write a reference: \
     `{secret: {source: env, name: NAME}}` or `\"{{ env_var('NAME') }}\"`.";
    TAB = "F0109", "A tab as indentation",
    "YAML allows only spaces for indentation, because editors show tabs with different widths.\n\n\
     Replace the tabs by spaces; most editors can convert the whole file.";
    MERGE = "F0110", "A merge key without a mapping",
    "`<<` copies the keys of another mapping into this one. It takes an alias of a mapping, or a list of such.\n\n\
     ```yaml\nx-small: &small {threads: 2}\nconfig: {<<: *small, host: a}\n```\n\n\
     Put the anchor on a mapping, or write the keys out.";
    NUMBER = "F0111", "A number that cannot be kept",
    "A number does not fit in 64 bits, or is `.inf` or `.nan`. Passing on another number than the one that is written \
     would be worse than refusing it.\n\nPut it in quotes if it is meant as text, as account numbers are: \
     `account: \"00000000000000000000\"`.";
    UNKNOWN_KEY = "F0112", "Unknown key",
    "A key is not known at this place. An unknown key is an error, because a mistyped one would otherwise be ignored \
     without a word.\n\n```yaml\nplugins:\n  compute:\n    aproved: [duckdb]     # approved\n```\n\n\
     Use one of the keys that the message lists. At the top of a file, keys that begin with `x-` are your own.";
    MISSING_KEY = "F0113", "A required key is missing",
    "A mapping lacks a key without which it has no meaning.\n\n```yaml\nmetadata: {version: 1.0.0}     # name is missing\n\
     ```\n\nAdd the key; the message shows how it is written.";
    WRONG_TYPE = "F0114", "A value of the wrong type",
    "A value is, say, a number where text is expected. YAML decides by how a value is written: `1.10` is a number \
     (and the same as `1.1`), `\"1.10\"` is text; `yes` is text, `true` is not.\n\n\
     ```yaml\nmetadata: {name: sales, version: 1.0}     # write \"1.0\"\n```\n\nWrite the value as the message says.";
    WRONG_WORD = "F0115", "A word that is not allowed here",
    "A value must be one of a few words, and this one is none of them.\n\n```yaml\nworkload_size: huge     # small, medium or \
     large\n```\n\nUse one of the words that the message lists.";
    OUT_OF_RANGE = "F0116", "A number out of its range",
    "A number is too small or too large for what it sets: `threads` goes from 1 to 64, timeouts from 1 to 86400 seconds.\n\n\
     ```yaml\nconfig: {threads: 0}\n```\n\nUse a number of the range that the message names.";
    BAD_NAME = "F0117", "Not a name",
    "Names of computes, products and environments become folders and parts of variable names, so they begin with a \
     lowercase letter and go on with lowercase letters, digits, `_` and `-`, at most 63 characters.\n\n\
     ```yaml\nmetadata: {name: Sales Analytics}     # sales-analytics\n```\n\nRename it; the message makes a proposal.";
    NAME_CLASH = "F0118", "Two names that are one",
    "Two names are equal, or differ only in `-` and `_`. As parts of variable names they would be the same.\n\n\
     ```yaml\napproved: [spark-large, spark_large]\n```\n\nRename or remove one of them.";
    WRONG_KIND = "F0119", "Another kind of document",
    "A file begins with `apiVersion: floe.dev/v1` and `kind: Manifest` (what platform engineers write) or \
     `kind: FloeSpec` (what data engineers write). This one says something else.\n\n\
     Give floe the right file, or correct the two lines.";
    EMPTY = "F0120", "Nothing is there",
    "A document, a list or a text is empty where something is needed.\n\n```yaml\ntransforms:\n  - path: \"\"\n```\n\n\
     Write the value, or remove the key where it is optional.";
    SECRET_FORM = "F0121", "A secret reference that cannot be read",
    "A secret is written as a reference in one of two forms:\n\n\
     ```yaml\npassword: {secret: {source: env, name: PG_PASSWORD}}\n\
     password: {secret: {source: file, name: /run/secrets/pg, key: password}}\npassword: \"{{ env_var('PG_PASSWORD') }}\"\n```\n\n\
     `source` is `env` or `file`; `name` is the variable, or the file or folder; `key` names a file in that folder. Of \
     dbt's expressions floe knows `env_var` alone, with an optional default and the filters `int`, `as_number`, \
     `as_bool`, `as_text`.";
    LITERAL_SECRET = "F0122", "A secret is written out",
    "A setting that the plugin marks as secret holds its value in plain text. It would end up in version control.\n\n\
     ```yaml\npassword: hunter2                                  # no\n\
     password: {secret: {source: env, name: PG_PASSWORD}}    # yes\n```\n\n\
     Put the value into an environment variable or a mounted file, write the reference that the message shows, and \
     change the secret: it has been seen.";
    SECRET_MISSING = "F0123", "A secret is not there",
    "The variable or the file that a secret reference names does not exist, is empty or cannot be read. floe looks it up \
     only for a live check and for a dbt that it starts.\n\nSet the variable (`export PG_PASSWORD=…`) or mount the file. \
     `{{ env_var('X', 'default') }}` gives a default.";
    PARITY = "F0124", "An environment selects a compute",
    "A transform runs on the same compute in every environment; otherwise what was tested in dev is not what runs in \
     prod: types, functions, NULL order and rounding differ from engine to engine. So `compute`, `default`, `approved`, \
     `type`, `plugin` and `transforms` are refused in an environment and directly under one of its connections. A mapping \
     `compute` there is a setting where the plugin's schema declares one, as dbt-databricks does for its SQL warehouses. A \
     transform's `compute` is one name, too.\n\n\
     ```yaml\nenvironments:\n  - name: prod\n    transforms: {compute: snowflake}     # no\n    \
     connections: {snowflake: {warehouse: PROD}}   # yes: how to connect may differ\n```\n\n\
     Choose the compute once, at the transform or as the manifest's default.";
    SECRET_CLASH = "F0125", "Two secrets of one variable",
    "A secret reaches dbt in a variable `DBT_ENV_SECRET_FLOE_<COMPUTE>_<KEY>`. Two settings with different references \
     would use the same variable, as compute `a` with key `b_c` and compute `a_b` with key `c` do.\n\n\
     Rename one of the computes, or write `\"{{ env_var('NAME') }}\"`, which keeps its own name.";
    SECRET_MOUNT = "F0126", "A mounted secret that cannot be read",
    "`connection_secret_ref` names a Kubernetes secret that is mounted as a folder, with a file for each key. Its name and \
     keys follow Kubernetes' rules, and it stands once for a compute: beside `config` or in it.\n\n\
     ```yaml\nconnection_secret_ref: pg-login\nconnection_secret_ref: {name: pg-login, keys: [user, password]}\n```\n\n\
     Write the name as `kubectl get secrets` shows it, and as keys the names of the settings that it holds.";
}
