//! A data folder opens for one process at a time, only if this program knows its format, whatever moment a former
//! life ended at; and every life has a boot epoch of its own.

mod common;

use std::fs;
use std::path::Path;

use chasqui_proto::row::Row;
use chasqui_storage::embedded::{Embedded, OpenError};
use chasqui_storage::engine::Engine;
use common::load::Writer;
use common::quick_folder;

fn open_error(folder: &Path) -> OpenError {
    match Embedded::open(folder) {
        Ok(_) => panic!("it must not open"),
        Err(error) => error,
    }
}

#[test]
fn the_boot_epoch_rises_at_each_open() {
    let folder = quick_folder();
    let epochs: Vec<_> = (0..4).map(|_| Embedded::open(folder.path()).unwrap().boot_epoch()).collect();
    assert_eq!(epochs, [1, 2, 3, 4]);
}

#[test]
fn a_second_open_is_refused_until_the_last_reader_is_gone() {
    let folder = quick_folder();
    let store = Embedded::open(folder.path()).unwrap();
    let reader = store.reader();
    for _ in 0..2 {
        let error = open_error(folder.path());
        assert!(matches!(error, OpenError::DataFolderInUse { .. }), "{error:?}");
        assert!(error.to_string().contains("in use by another process"), "{error}");
        assert!(error.to_string().contains(&folder.path().display().to_string()));
    }
    drop(store);
    assert!(matches!(open_error(folder.path()), OpenError::DataFolderInUse { .. }), "the reader still holds it");
    drop(reader);
    Embedded::open(folder.path()).unwrap();
}

#[test]
fn a_later_format_is_refused_and_left_as_it_is() {
    let folder = quick_folder();
    drop(Embedded::open(folder.path()).unwrap());
    let meta = folder.path().join("embedded/chasqui.meta");
    for text in ["format 2\nboot 1\n", "format 7\nwhatever came later", "format 2\n"] {
        fs::write(&meta, text).unwrap();
        let error = open_error(folder.path());
        assert!(matches!(error, OpenError::FormatTooNew { supported: 1, .. }), "{text:?}: {error}");
        assert_eq!(fs::read_to_string(&meta).unwrap(), text);
    }
}

#[test]
fn an_unreadable_meta_file_is_named() {
    let folder = quick_folder();
    drop(Embedded::open(folder.path()).unwrap());
    let meta = folder.path().join("embedded/chasqui.meta");
    for text in ["", "format 1\n", "format x\nboot 1\n", "boot 1\nformat 1\n"] {
        fs::write(&meta, text).unwrap();
        let message = open_error(folder.path()).to_string();
        assert!(message.contains("chasqui.meta") && message.contains("backup"), "{message}");
    }
}

#[test]
fn a_creation_cut_short_is_begun_anew() {
    let folder = quick_folder();
    let half_made = folder.path().join("embedded.new");
    fs::create_dir_all(half_made.join("keyspaces")).unwrap();
    fs::write(half_made.join("0.jnl"), b"half").unwrap();
    assert_eq!(Embedded::open(folder.path()).unwrap().boot_epoch(), 1);
    assert!(!half_made.exists());
}

#[test]
fn the_folder_may_be_moved() {
    let folder = quick_folder();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let writer = Writer { life: 1, shard: 0 };
    let mut store = Embedded::open(&old).unwrap();
    let rows: Vec<Row> = (0..9).flat_map(|ticket| writer.rows(ticket)).collect();
    store.commit(&[&rows]).unwrap();
    drop(store);
    fs::rename(&old, &new).unwrap();
    assert_eq!(writer.check(&Embedded::open(&new).unwrap()), 9);
}
