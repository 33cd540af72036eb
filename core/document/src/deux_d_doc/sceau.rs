//! A 2D-Doc's seal: who signed it, what was signed, and whether the signature is that issuer's. ECDSA over header and data,
//! on P-256 with SHA-256 or on P-384 with SHA-384; the two numbers follow the unit separator in Base32 without padding.
//!
//! What can go wrong: nobody knows the certificate, and then nothing is said of the signature; or a letter that is not ASCII
//! came through the code's own encodings changed, and a wrong signature would be no proof of anything.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey, VerificationAlgorithm,
};

use super::Signature;

/// What a public key on the curve P-256 begins with as a SubjectPublicKeyInfo (RFC 5480, section 2): the algorithm, the
/// curve, and the lengths of what follows, an uncompressed point.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
    0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Likewise on the curve P-384.
const P384: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81,
    0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];

/// The public key of a certificate with which an issuer seals 2D-Docs. Whoever gives it answers for it: neither its
/// authority nor its dates are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificat {
    emetteur: String,
    point: Vec<u8>,
    curve: Curve,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
}

impl Certificat {
    /// The key of the certificate that codes name by these eight letters: four for the authority, four for the certificate,
    /// for example `FR000001`. The key is a SubjectPublicKeyInfo in DER; none where it is on no curve that 2D-Docs of ours
    /// use.
    pub fn new(emetteur: &str, cle_publique: &[u8]) -> Option<Self> {
        let (point, curve) = match cle_publique.strip_prefix(&P256) {
            Some(point) => (point, Curve::P256),
            None => (cle_publique.strip_prefix(&P384)?, Curve::P384),
        };
        let coordinate = match curve {
            Curve::P256 => 32,
            Curve::P384 => 48,
        };
        let is_named = emetteur.len() == 8 && emetteur.bytes().all(|letter| letter.is_ascii_alphanumeric());
        let is_point = point.first() == Some(&4) && point.len() == 1 + 2 * coordinate;
        (is_named && is_point).then(|| Self { emetteur: emetteur.to_owned(), point: point.to_vec(), curve })
    }

    fn has_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match self.curve {
            Curve::P256 => &ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        };
        UnparsedPublicKey::new(algorithm, &self.point).verify(signed, signature).is_ok()
    }
}

/// The seal of one code.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sceau {
    /// Authority and certificate.
    pub(super) emetteur: String,
    /// Header and data.
    pub(super) signed: String,
    /// As it is written there; empty where there is none.
    pub(super) signature: String,
}

impl fmt::Debug for Sceau {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sceau").field("emetteur", &self.emetteur).finish_non_exhaustive()
    }
}

impl Sceau {
    /// What may be said of it by somebody who knows these certificates.
    pub(super) fn checked(&self, certificats: &[Certificat]) -> Signature {
        if self.signature.is_empty() {
            return Signature::Absente;
        }
        let mut known = certificats.iter().filter(|known| known.emetteur == self.emetteur).peekable();
        if known.peek().is_none() || !self.signed.is_ascii() {
            return Signature::NonVerifiee;
        }
        let signature = BASE32_NOPAD.decode(self.signature.as_bytes()).unwrap_or_default();
        if known.any(|known| known.has_signed(self.signed.as_bytes(), &signature)) {
            Signature::Verifiee
        } else {
            Signature::Fausse
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's example of a vaccination certificate (annexe « exemples », kind L1).
    const SEALED: &str = "DC04FR0000011E6D1E6DL101FRL0THEOULE SUR MER\u{1D}L1JEAN PAUL\u{1D}L231051962L3COVID-19\u{1D}L4J07BX03\u{1D}L5COMIRNATY PFIZER/BIONTECH\u{1D}L6COMIRNATY PFIZER/BIONTECH\u{1D}L71L82L901032021LACO";

    const SIGNATURE: &str = "32T2SI2RUMPDLBHAFSBDF2CUE7GI4NR5WC3NSBEU6AZ7QZJZCPMCTXTVIDZAKEYO7237SQ2ZPOCMZKG7U3Q2LIMPPVJMA7TQAAKC5DY";

    /// The key of the certificate FR00 0001, that of the specification's examples.
    const KEY: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004a98f0d7ccd62808893bec4d436e79d1834a1d6e001d70f1c4cdccd9d9e2fe229f7240514e8ddc0ca98d0c7440c9cc492849a0fbda73fc392f4da0ae07f84c23c";

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(hexadecimal.as_bytes()).unwrap()
    }

    fn seal(signed: &str, signature: &str) -> Sceau {
        Sceau { emetteur: "FR000001".to_owned(), signed: signed.to_owned(), signature: signature.to_owned() }
    }

    #[test]
    fn the_specification_s_example_was_signed_by_its_certificate() {
        let known = [Certificat::new("FR000001", &bytes(KEY)).unwrap()];
        assert_eq!(seal(SEALED, SIGNATURE).checked(&known), Signature::Verifiee);
    }

    #[test]
    fn one_letter_changed_anywhere_is_noticed() {
        let known = [Certificat::new("FR000001", &bytes(KEY)).unwrap()];
        for at in 0..SEALED.len() {
            let mut other = SEALED.as_bytes().to_vec();
            other[at] ^= 1;
            let other = String::from_utf8(other).unwrap();
            assert_eq!(seal(&other, SIGNATURE).checked(&known), Signature::Fausse, "{at}");
        }
        for at in 0..SIGNATURE.len() {
            let other: String = SIGNATURE
                .char_indices()
                .map(|(i, c)| {
                    if i != at {
                        c
                    } else if c == 'A' {
                        'B'
                    } else {
                        'A'
                    }
                })
                .collect();
            assert_eq!(seal(SEALED, &other).checked(&known), Signature::Fausse, "{at}");
        }
        for other in ["A", &SIGNATURE[1..], "é", "0189", &SIGNATURE.repeat(20)] {
            assert_eq!(seal(SEALED, other).checked(&known), Signature::Fausse, "{other}");
        }
    }

    #[test]
    fn nothing_is_said_where_the_certificate_is_unknown_or_the_letters_are_uncertain() {
        let other = Certificat::new("FR030001", &bytes(KEY)).unwrap();
        assert_eq!(seal(SEALED, SIGNATURE).checked(&[]), Signature::NonVerifiee);
        assert_eq!(seal(SEALED, SIGNATURE).checked(&[other]), Signature::NonVerifiee);
        let known = [Certificat::new("FR000001", &bytes(KEY)).unwrap()];
        assert_eq!(seal(&SEALED.replace('I', "Î"), SIGNATURE).checked(&known), Signature::NonVerifiee);
        assert_eq!(seal(SEALED, "").checked(&known), Signature::Absente);
    }

    #[test]
    fn a_certificate_that_was_renewed_under_its_name_is_tried_as_well() {
        let renewed = Certificat::new("FR000001", &bytes(P384_KEY)).unwrap();
        let known = [renewed, Certificat::new("FR000001", &bytes(KEY)).unwrap()];
        assert_eq!(seal(SEALED, SIGNATURE).checked(&known), Signature::Verifiee);
    }

    /// A key on P-384 and what it signed, made with `openssl`.
    const P384_KEY: &str = "3076301006072a8648ce3d020106052b8104002203620004cc8cefb4b4b49dc4c4bd62348c23689bbfcdcc9f4e5796eb73c2d7dec54fa176a186d900c3716d1f2a1e8aca1bf2b3ce48ec2b3850964b2e0355942e686684b1daf68e01484f1cad81b8eebca1ea90c4d103393be086b323ca0dcd919520d8ff";
    const P384_SIGNATURE: &str = "NAK2OIF6IHEGCVO22HTXGJATI3TXOTOFU5HMMYOSDZMM7M3FACWPOZEHIIUHZB62I3HEGK3FDUMVLD6KDASHX5ZJ357DA32DC74RMN4TIA7WWUG5IRIQ43TV2UPXWE2QMPV4MTPSIT2OJFLWIUXGHAVIKE";

    #[test]
    fn the_larger_curve_is_understood() {
        let known = [Certificat::new("FR000001", &bytes(P384_KEY)).unwrap()];
        assert_eq!(seal(SEALED, P384_SIGNATURE).checked(&known), Signature::Verifiee);
        assert_eq!(seal(SEALED, SIGNATURE).checked(&known), Signature::Fausse);
    }

    #[test]
    fn what_is_no_key_of_a_certificate_is_not_taken_for_one() {
        let key = bytes(KEY);
        assert_eq!(Certificat::new("FR00001", &key), None);
        assert_eq!(Certificat::new("FR00 001", &key), None);
        for length in 0..key.len() {
            assert_eq!(Certificat::new("FR000001", &key[..length]), None, "{length}");
        }
        let mut compressed = key.clone();
        compressed[26] = 2;
        assert_eq!(Certificat::new("FR000001", &compressed), None);
        assert_eq!(Certificat::new("FR000001", &[key.as_slice(), &[0]].concat()), None);
        // A point that is on no curve has signed nothing.
        let mut off = key;
        *off.last_mut().unwrap() ^= 1;
        let known = [Certificat::new("FR000001", &off).unwrap()];
        assert_eq!(seal(SEALED, SIGNATURE).checked(&known), Signature::Fausse);
    }
}
