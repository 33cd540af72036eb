//! Mail on its way out: one task takes what is due from the base and hands it to a mail server or, for trials, to a
//! folder.
//!
//! What can go wrong: the mail server is away, or says « later », or has forgotten our password (each mail is tried again,
//! later and later); it refuses one mail for good (that mail is given up); the process ends between handing over and
//! writing that down (the mail goes out twice, which is better than never). Two servers on one base never hand over the
//! same mail: each takes its own first. The log says that mail failed, never to whom or about what.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, MIME_VERSION_1_0},
    },
    transport::smtp::{
        Error as SmtpError,
        response::{Category, Code, Severity},
    },
};

use crate::{
    config::Courrier,
    registre::{self, Courriel},
    service::Service,
    store::StoreError,
};

/// How often the task looks for mail: a person waits for a link with the page still open.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// Mails of one look.
const BATCH: u32 = 20;

/// Longest that handing one over may take.
const HANDED_OVER_WITHIN: Duration = Duration::from_secs(30);

/// Why a mail was not handed over. `Display` is for the log: a mail server's words may repeat an address, so only its code
/// is told.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("l’adresse du destinataire n’est pas lisible")]
    Adresse,
    #[error("le message ne peut pas être composé")]
    Message,
    #[error("le serveur de courrier a refusé ce message, définitivement ({0})")]
    Refuse(Code),
    #[error("le serveur de courrier ne prend pas de message maintenant ({0})")]
    PlusTard(Code),
    #[error("le serveur de courrier ne répond pas")]
    Silence,
    #[error("le dossier des courriels ne peut pas être écrit")]
    Dossier,
}

impl SendError {
    /// Whether trying again would end the same way.
    fn is_final(&self) -> bool {
        matches!(self, Self::Adresse | Self::Message | Self::Refuse(_))
    }
}

/// What a mail server's answer means for the mail. RFC 5321, 4.2.1: 5yz is for good, and x5z is about the mail and its
/// recipient. Other 5yz are about us, such as 535 for a password (RFC 4954): they are the operator's to mend, and no mail
/// is lost meanwhile.
impl From<SmtpError> for SendError {
    fn from(error: SmtpError) -> Self {
        match error.status() {
            Some(code)
                if code.severity == Severity::PermanentNegativeCompletion
                    && code.category == Category::MailSystem =>
            {
                Self::Refuse(code)
            }
            Some(code) => Self::PlusTard(code),
            None => Self::Silence,
        }
    }
}

/// Sends what is due, until the service stops.
pub(crate) async fn send_forever(service: Arc<Service>) {
    let post = Post::new(&service.config.courrier);
    loop {
        if let Err(error) = send_due(&service, &post).await {
            service.mesures.panne(&error);
            tracing::warn!(%error, "mail waits: the base did not answer");
        }
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

async fn send_due(service: &Service, post: &Post) -> Result<(), StoreError> {
    let now = service.clock.now();
    if !service.store.read(move |tx| registre::is_courriel_due(tx, now)).await? {
        return Ok(());
    }
    let due = service.store.write(move |tx| registre::take_courriels(tx, now, BATCH)).await?;
    for courriel in due {
        let sent = tokio::time::timeout(HANDED_OVER_WITHIN, post.send(&courriel)).await;
        match sent.unwrap_or(Err(SendError::Silence)) {
            Ok(()) => service.store.write(move |tx| registre::forget_courriel(tx, courriel.id)).await?,
            Err(error) if error.is_final() => {
                service.store.write(move |tx| registre::forget_courriel(tx, courriel.id)).await?;
                tracing::warn!(%error, again = false, "a mail was not handed over");
            }
            Err(error) => {
                let again =
                    service.store.write(move |tx| registre::courriel_failed(tx, &courriel, now)).await?;
                tracing::warn!(%error, again, "a mail was not handed over");
            }
        }
    }
    Ok(())
}

/// Where mail goes.
enum Post {
    Smtp { transport: AsyncSmtpTransport<Tokio1Executor>, from: Mailbox },
    Dossier { folder: PathBuf, from: Mailbox },
}

impl Post {
    fn new(courrier: &Courrier) -> Self {
        let from = courrier.expediteur.clone();
        match &courrier.smtp {
            Some(smtp) => Self::Smtp { transport: smtp.transport(), from },
            None => Self::Dossier { folder: courrier.dossier.clone(), from },
        }
    }

    async fn send(&self, courriel: &Courriel) -> Result<(), SendError> {
        let (Self::Smtp { from, .. } | Self::Dossier { from, .. }) = self;
        let to: Mailbox = courriel.destinataire.parse().map_err(|_| SendError::Adresse)?;
        let message = Message::builder()
            .from(from.clone())
            .to(to)
            .subject(&courriel.sujet)
            .message_id(Some(format!("<{}@ma-demande>", courriel.id)))
            // Without it a reader may take the text for ASCII (RFC 2045, 4).
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(courriel.corps.clone())
            .map_err(|_| SendError::Message)?;
        match self {
            Self::Smtp { transport, .. } => Ok(transport.send(message).await.map(drop)?),
            Self::Dossier { folder, .. } => {
                let folder_made = tokio::fs::create_dir_all(folder).await;
                let path = folder.join(format!("{}.eml", courriel.id));
                let written = tokio::fs::write(path, message.formatted()).await;
                folder_made.and(written).map_err(|_| SendError::Dossier)
            }
        }
    }
}
