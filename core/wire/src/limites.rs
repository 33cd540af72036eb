//! The limits on everything that comes from outside and that phone and server must agree on. Limits that concern one
//! side only stand beside the code that holds them.

use std::time::Duration;

/// Largest prepared file the server takes, in bytes. Fifty times a prepared photo; a whole lease scanned by someone
/// else still passes.
pub const UPLOAD_BYTES_MAX: u64 = 50_000_000;

/// Largest file the phone accepts to look at, in bytes: a 108-megapixel photo is about 40 MB, a scanner's PDF more.
pub const SOURCE_BYTES_MAX: u64 = 200_000_000;

/// Most pixels of one image, declared in its header and checked before anything is allocated. The largest phone
/// sensors in use give 108 megapixels.
pub const IMAGE_PIXELS_MAX: u64 = 120_000_000;

/// Longest side of one image, in pixels: what a JPEG can declare.
pub const IMAGE_SIDE_PIXELS_MAX: u32 = 65_535;

/// Most pages of one piece. A lease with its annexes has about 40, a judgement 60.
pub const PAGES_MAX: u32 = 100;

/// Least long side of a prepared photo, in pixels, unless the photo itself is smaller: below it an 8-point table is no longer
/// read (OCR word recall 85 % at 2000 px, 61 % at 1600 px, measured).
pub const PREPARED_SIDE_PIXELS_MIN: u32 = 2_000;

/// Longest name of a file kept for display, in characters.
pub const NOM_AFFICHE_CHARS_MAX: usize = 120;

/// Longest free text of a message, a reason or the details of an event, in characters.
pub const TEXTE_CHARS_MAX: usize = 2_000;

/// Longest `Upload-Metadata` header, in bytes: all our keys with the longest name in base64 take about 1,200.
pub const UPLOAD_METADATA_BYTES_MAX: usize = 4_096;

/// Most pieces of one demande, withdrawn and replaced ones included. A household of ten with every piece in three
/// versions has about 300.
pub const PIECES_PAR_DEMANDE_MAX: u32 = 500;

/// Most bytes of one demande's pieces and of its uploads under way.
pub const BYTES_PAR_DEMANDE_MAX: u64 = 1_000_000_000;

/// How long the server keeps an unfinished upload after its last byte.
pub const UPLOAD_EXPIRES_AFTER: Duration = Duration::from_hours(7 * 24);

/// How long the phone keeps its prepared file while the server has not said `disponible`.
pub const DEPOT_KEPT_FOR: Duration = Duration::from_hours(30 * 24);

/// How long an access token opens the door.
pub const ACCESS_TOKEN_LASTS: Duration = Duration::from_mins(15);

/// How long a refresh token, if unused, keeps a device signed in.
pub const REFRESH_TOKEN_LASTS: Duration = Duration::from_hours(90 * 24);

/// Longest JSON body, in bytes, of a request to the API.
pub const JSON_BYTES_MAX: usize = 64 * 1024;

/// Longest code télé-demandeur or password, in bytes, that is hashed: longer ones would only cost time.
pub const SECRET_BYTES_MAX: usize = 256;
