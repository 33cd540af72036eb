//! From one coffre to another, of either engine: bytes as they lie, so that no key is needed. The one copied from is only
//! read.

use sha2::{Digest as _, Sha256};
use wire::UploadId;

use super::{BlobId, Coffre, CoffreError, Forme, Moteur, blob_key, chiffre, support::Support};

/// Read at once, in bytes.
const READ_BYTES: usize = 256 * 1024;

impl Coffre {
    /// Copies sealed bytes into another coffre, unless it has them; durable when this returns. Whether it had to. Blocks.
    pub fn copy_to(&self, blob: BlobId, other: &Self) -> Result<bool, CoffreError> {
        if other.holds(blob)? {
            return Ok(false);
        }
        let (mut from, forme) = self.find_blob(blob)?;
        let (upload, size) = (UploadId(blob.0), from.size()?);
        let mut into = other.begin(upload, forme)?;
        copy(&mut from, &mut into, size)?;
        match (&other.moteur, into) {
            (Moteur::S3(s3), Support::Objets(objets)) => s3.seal(objets, &blob_key(blob, forme))?,
            (Moteur::Dossier(dossier), mut into) => {
                into.sync()?;
                dossier.seal(upload, forme)?;
            }
            (Moteur::S3(_), Support::Fichier { .. }) => return Err(chiffre::altered()),
        }
        Ok(true)
    }

    /// Copies the first `durable` bytes of an upload, those that were promised, into another coffre, and reads them again
    /// there. Whether they are the same. Blocks.
    pub fn copy_staging_to(&self, upload: UploadId, durable: u64, other: &Self) -> Result<bool, CoffreError> {
        let (mut from, forme) = self.look_at(upload)?;
        let end = match forme {
            Forme::Clair => durable,
            Forme::Chiffre => chiffre::find(&mut from, durable)?.physical,
        };
        if from.size()? < end {
            return Err(CoffreError::TropCourt { presents: from.size()?, promis: durable });
        }
        let mut into = other.begin(upload, forme)?;
        copy(&mut from, &mut into, end)?;
        into.sync()?;
        let (mut arrived, other_forme) = other.resume(upload)?;
        Ok(forme == other_forme
            && arrived.size()? == end
            && digest(&mut arrived, end)? == digest(&mut from, end)?)
    }

    /// Whether sealed bytes are the same here and there. Blocks.
    pub fn is_same(&self, blob: BlobId, other: &Self) -> Result<bool, CoffreError> {
        let ((mut here, forme), (mut there, other_forme)) = (self.find_blob(blob)?, other.find_blob(blob)?);
        let size = here.size()?;
        Ok(forme == other_forme
            && there.size()? == size
            && digest(&mut there, size)? == digest(&mut here, size)?)
    }

    fn holds(&self, blob: BlobId) -> Result<bool, CoffreError> {
        match &self.moteur {
            Moteur::Dossier(dossier) => Ok(dossier.holds(blob)),
            Moteur::S3(s3) => {
                for forme in Forme::ALL {
                    if s3.holds(&blob_key(blob, forme))? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// An upload's bytes as they lie; nothing is changed. A sealing whose piece was never committed counts.
    fn look_at(&self, upload: UploadId) -> Result<(Support, Forme), CoffreError> {
        match &self.moteur {
            Moteur::Dossier(dossier) => {
                dossier.look_at(upload).map(|(file, forme)| (Support::file(file, None), forme))
            }
            Moteur::S3(_) => self.resume(upload),
        }
    }
}

fn copy(from: &mut Support, into: &mut Support, size: u64) -> Result<(), CoffreError> {
    read(from, size, |part| into.append(part))
}

fn digest(support: &mut Support, size: u64) -> Result<[u8; 32], CoffreError> {
    let mut sum = Sha256::new();
    read(support, size, |part| {
        sum.update(part);
        Ok(())
    })?;
    Ok(sum.finalize().into())
}

/// Gives the first `size` bytes to `sink`, in order.
fn read(
    from: &mut Support,
    size: u64,
    mut sink: impl FnMut(&[u8]) -> Result<(), CoffreError>,
) -> Result<(), CoffreError> {
    let (mut buffer, mut at) = (vec![0; READ_BYTES], 0);
    while at < size {
        let wanted = usize::try_from(size - at).unwrap_or(usize::MAX).min(READ_BYTES);
        let Some(part) = buffer.get_mut(..wanted) else { break };
        from.read_exact_at(part, at)?;
        sink(part)?;
        at += wanted as u64;
    }
    Ok(())
}
