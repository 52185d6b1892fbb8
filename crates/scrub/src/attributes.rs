//! Extended attributes that go over from a file to its successor: the tags of users, the POSIX ACL, the label of SELinux.
//!
//! Others stay behind: `security.ima` and `security.evm` seal the old contents, `security.capability` and `trusted.*` are rights that nobody asked to pass on. What the system
//! or the file system does not let us set, or has no room for, is passed over, as an owner is. Source: xattr(7), acl(5). On Linux alone; elsewhere nothing goes over.

use std::fs::File;
use std::io;

#[cfg(target_os = "linux")]
pub(crate) use linux::{acl, label, tags};

#[cfg(target_os = "linux")]
mod linux {
    use super::{File, io};
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
    use rustix::io::{Errno, Result};
    use std::ffi::CStr;

    /// How the names of users' tags begin.
    const TAG: &[u8] = b"user.";
    const ACL: &CStr = c"system.posix_acl_access";
    const LABEL: &CStr = c"security.selinux";
    /// Bytes that a list of names, and a value, have at most: `XATTR_LIST_MAX` and `XATTR_SIZE_MAX` of linux/limits.h.
    const LONGEST: usize = 65_536;

    /// Gives a file the tags of another. Before its mode: whoever may not write to it by that may not tag it either.
    pub(crate) fn tags(file: &File, of: &File) -> io::Result<()> {
        let mut names = vec![0; LONGEST];
        let count = match flistxattr(of, names.as_mut_slice()) {
            Err(error) if is_denied(error) => 0,
            count => count?,
        };
        for name in names.get(..count).unwrap_or_default().split_inclusive(|byte| *byte == 0).filter(|name| name.starts_with(TAG)) {
            let name = CStr::from_bytes_with_nul(name).map_err(io::Error::other)?;
            if let Some(value) = value(of, name)? {
                allowed(fsetxattr(file, name, &value, XattrFlags::empty()))?;
            }
        }
        Ok(())
    }

    /// Gives a file the ACL of another, or none where that has none and the folder's default gave one; whether it has what it should.
    pub(crate) fn acl(file: &File, of: Option<&File>) -> io::Result<bool> {
        match of.map_or(Ok(None), |of| value(of, ACL))? {
            Some(acl) => allowed(fsetxattr(file, ACL, &acl, XattrFlags::empty())),
            None => match fremovexattr(file, ACL) {
                Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(true),
                removed => allowed(removed),
            },
        }
    }

    /// Gives a file the label of another.
    pub(crate) fn label(file: &File, of: &File) -> io::Result<()> {
        let label = value(of, LABEL)?;
        label.map_or(Ok(()), |label| allowed(fsetxattr(file, LABEL, &label, XattrFlags::empty())).map(drop))
    }

    /// An attribute's value; `None` where there is none.
    fn value(of: &File, name: &CStr) -> io::Result<Option<Vec<u8>>> {
        let mut value = vec![0; LONGEST];
        match fgetxattr(of, name, value.as_mut_slice()) {
            Ok(count) => {
                value.truncate(count);
                Ok(Some(value))
            }
            Err(Errno::NODATA) => Ok(None),
            Err(error) if is_denied(error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the system let us.
    fn allowed(set: Result<()>) -> io::Result<bool> {
        match set {
            Err(error) if is_denied(error) => Ok(false),
            set => Ok(set.map(|()| true)?),
        }
    }

    /// Whether an error says that such an attribute cannot be here: no right to it, a file system that has none or none so large, a name in an ACL or a label that is not known here. That the disk
    /// itself is full is told where the file is written.
    fn is_denied(error: Errno) -> bool {
        [Errno::PERM, Errno::ACCESS, Errno::OPNOTSUPP, Errno::INVAL, Errno::NOSPC, Errno::DQUOT, Errno::TOOBIG, Errno::RANGE]
            .contains(&error)
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn tags(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn acl(_: &File, _: Option<&File>) -> io::Result<bool> {
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn label(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}
