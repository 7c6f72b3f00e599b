//! The data folder: may it be written, on what does it lie, how much room is left.

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::config::Config;

const FREE_BYTES_LOW: u64 = 1 << 30;

/// Magic numbers of statfs(2), what they mean, and why the data should not lie there.
const FILE_SYSTEMS: &[(i64, &str, Option<&str>)] = &[
    (0xef53, "ext4", None),
    (0x5846_5342, "xfs", None),
    (0x9123_683e, "btrfs", None),
    (0x2fc1_2fc1, "zfs", None),
    (0xf2f5_2010, "f2fs", None),
    (0x0102_1994, "tmpfs", Some("it is memory: everything is lost when the machine restarts")),
    (0x8584_58f6, "ramfs", Some("it is memory: everything is lost when the machine restarts")),
    (0x794c_7630, "overlay", Some("a container's own layer vanishes with the container; mount a volume")),
    (0x6969, "nfs", Some("locks and syncs are unreliable over a network; use a local disk")),
    (0xff53_4d42, "cifs", Some("locks and syncs are unreliable over a network; use a local disk")),
    (0xfe53_4d42, "smb", Some("locks and syncs are unreliable over a network; use a local disk")),
    (0x6573_5546, "fuse", Some("whether a sync reaches the disk depends on its driver; use a local disk")),
    (0x0102_1997, "9p", Some("whether a sync reaches the disk depends on the host; use a local disk")),
];

/// The folder, or the nearest one above it that exists and in which it would be made.
fn existing(data: &Path) -> PathBuf {
    let absolute = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    absolute.ancestors().find(|it| it.exists()).unwrap_or(Path::new("/")).to_owned()
}

pub(super) fn data_folder(config: &Config) -> Finding {
    const CHECK: &str = "data folder";
    let (data, folder) = (&config.data, existing(&config.data));
    let made = if data.exists() { "" } else { " (will be made)" };
    match try_write(&folder) {
        Ok(()) => Finding::ok(CHECK, format!("{}{made}, writable", data.display())),
        Err(error) => Finding::fail(
            CHECK,
            format!("{}: {error}", folder.display()),
            "give the relay's user the right to write there, or choose another folder with --data",
        ),
    }
}

fn try_write(folder: &Path) -> io::Result<()> {
    let probe = folder.join(format!(".chasqui-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&probe)?.sync_all()?;
    fs::remove_file(probe)
}

pub(super) fn file_system(config: &Config) -> Finding {
    const CHECK: &str = "file system";
    let magic = match statfs(&existing(&config.data)) {
        // The type's width differs between platforms; the numbers have 32 bits.
        Ok(stat) => stat.f_type as u32 as i64,
        Err(error) => return Finding::warn(CHECK, error.to_string(), "check the data folder by hand"),
    };
    match FILE_SYSTEMS.iter().find(|(it, ..)| *it == magic) {
        Some((_, name, None)) => Finding::ok(CHECK, *name),
        Some((_, name, Some(reason))) => Finding::warn(CHECK, *name, *reason),
        None => Finding::ok(CHECK, format!("type {magic:#x}")),
    }
}

pub(super) fn free_space(config: &Config) -> Finding {
    const CHECK: &str = "free space";
    match statfs(&existing(&config.data)) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_bsize as u64);
            let found = format!("{} MiB", free >> 20);
            if free < FREE_BYTES_LOW {
                return Finding::warn(CHECK, found, "a full disk ends the relay; make room");
            }
            Finding::ok(CHECK, found)
        }
        Err(error) => Finding::warn(CHECK, error.to_string(), "check the data folder by hand"),
    }
}

fn statfs(path: &Path) -> io::Result<libc::statfs> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut stat = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: `path` is NUL-terminated, and the kernel writes one `statfs`, which `stat` has room for.
    match unsafe { libc::statfs(path.as_ptr(), stat.as_mut_ptr()) } {
        // SAFETY: the call succeeded and has filled it; zeroes would be valid too.
        0 => Ok(unsafe { stat.assume_init() }),
        _ => Err(io::Error::last_os_error()),
    }
}
