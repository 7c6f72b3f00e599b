//! The files a run leaves.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::cli::Common;
use crate::report::{Report, hgrm, html};

/// One run, or several.
pub(super) fn json(report: &impl Serialize, common: &Common) -> anyhow::Result<()> {
    match &common.json {
        Some(path) => save(path, serde_json::to_string_pretty(report)? + "\n"),
        None => Ok(()),
    }
}

pub(super) fn curves(report: &Report, common: &Common) -> anyhow::Result<()> {
    if let Some(path) = &common.html {
        save(path, html::page(report))?;
    }
    if let Some(path) = &common.hgrm {
        save(path, hgrm(report.distribution.as_ref().context("--hgrm: no deliveries of one rate were measured")?))?;
    }
    Ok(())
}

fn save(path: &Path, text: String) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
