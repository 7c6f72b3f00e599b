//! `chasqui.meta`: the store's format version and boot counter, as two lines of text.
//!
//! A file of its own rather than rows: it is read before anything else is touched, and outlives a journal that has
//! to be given up, so that no boot epoch is ever used twice. Replaced by rename, never written in place.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use chasqui_proto::ids::Epoch;

use super::{OpenError, folder};

/// The layout of keys, values and tables together. Raised when an older program must not open the folder any more.
pub(super) const FORMAT: u32 = 1;

const NAME: &str = "chasqui.meta";

struct Meta {
    format: u32,
    boot: Epoch,
}

pub(super) fn create(store: &Path) -> Result<(), OpenError> {
    write(store, &Meta { format: FORMAT, boot: 0 })
}

/// Refuses what a later program wrote. To be called before anything else is opened.
pub(super) fn check_format(store: &Path) -> Result<(), OpenError> {
    match read(store)?.format {
        0..=FORMAT => Ok(()),
        found => Err(OpenError::FormatTooNew { folder: store.to_owned(), found, supported: FORMAT }),
    }
}

/// Counts this life of the store; durable on return.
pub(super) fn raise_boot(store: &Path) -> Result<Epoch, OpenError> {
    let meta = read(store)?;
    let boot = meta.boot + 1;
    write(store, &Meta { boot, ..meta })?;
    Ok(boot)
}

fn read(store: &Path) -> Result<Meta, OpenError> {
    let path = store.join(NAME);
    let text = fs::read_to_string(&path).map_err(OpenError::io(&path))?;
    parse(&text).ok_or_else(|| OpenError::damaged(&path, "it is not two lines, `format` and `boot`"))
}

fn parse(text: &str) -> Option<Meta> {
    let mut lines = text.lines();
    let format = lines.next()?.strip_prefix("format ")?.parse().ok()?;
    if format > FORMAT {
        // What a later program says after its first line is its own business; that line alone refuses the folder.
        return Some(Meta { format, boot: 0 });
    }
    let boot = lines.next()?.strip_prefix("boot ")?.parse().ok()?;
    Some(Meta { format, boot })
}

fn write(store: &Path, meta: &Meta) -> Result<(), OpenError> {
    let (new, path) = (store.join("chasqui.meta.new"), store.join(NAME));
    let text = format!("format {}\nboot {}\n", meta.format, meta.boot);
    File::create(&new)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(OpenError::io(&new))?;
    fs::rename(&new, &path).map_err(OpenError::io(&path))?;
    folder::sync_folder(store)
}
