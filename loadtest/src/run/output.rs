//! The files a run leaves.

use std::path::Path;

use anyhow::Context;

use crate::cli::Common;
use crate::report::html::{self, Rung};
use crate::report::{Report, hgrm};

pub(super) fn write(report: &Report, common: &Common) -> anyhow::Result<()> {
    if let Some(path) = &common.json {
        save(path, serde_json::to_string_pretty(report)? + "\n")?;
    }
    if let Some(path) = &common.html {
        // The steps of a ladder, where there is one; a page shows of each only what its curve needs.
        let steps =
            serde_json::to_value(report)?.get("steps").map(|steps| serde_json::from_value::<Vec<Rung>>(steps.clone()));
        save(path, html::page(report, &steps.transpose()?.unwrap_or_default()))?;
    }
    if let Some(path) = &common.hgrm {
        save(path, hgrm(report.distribution.as_ref().context("--hgrm: nothing was delivered")?))?;
    }
    Ok(())
}

fn save(path: &Path, text: String) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
