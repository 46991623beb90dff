//! Python models, which run on Dataproc or in notebooks.

use floe_plugin_api::PluginResult;
use floe_plugin_common::wrong;

use crate::config::{Settings, Submission};

/// Checks the settings of Python models.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    if let Some(bucket) = settings.gcs_bucket.as_deref().filter(|bucket| bucket.contains('/')) {
        return Err(wrong(
            "gcs_bucket",
            format!("`gcs_bucket` is `{bucket}`, and must be the name of a bucket alone"),
            "write the name without `gs://` and without a path",
        ));
    }
    let Some(submission) = settings.submission_method.as_ref().and_then(floe_plugin_common::Choice::known) else {
        return Ok(());
    };
    // Whoever names a way to run them wants to run them.
    for (key, written) in
        [("compute_region", settings.compute_region.is_some()), ("gcs_bucket", settings.gcs_bucket.is_some())]
    {
        if !written {
            return Err(wrong(
                "missing_setting",
                format!("`submission_method` is written without `{key}`, which every Python model needs"),
                format!("write `{key}`, or remove `submission_method`"),
            ));
        }
    }
    match (submission, &settings.dataproc_cluster_name, &settings.dataproc_batch) {
        (Submission::Serverless | Submission::Bigframes, Some(_), _) => Err(wrong(
            "dataproc_cluster_name",
            "`dataproc_cluster_name` is written, but Python models run on no cluster",
            "write `submission_method: cluster`, or remove `dataproc_cluster_name`",
        )),
        (Submission::Cluster | Submission::Bigframes, _, Some(_)) => Err(wrong(
            "dataproc_batch",
            "`dataproc_batch` is written, but Python models do not run in batches of Dataproc Serverless",
            "write `submission_method: serverless`, or remove `dataproc_batch`",
        )),
        _ => Ok(()),
    }
}
