//! Registering resource types (protocol.md section 3).

use bridge_core::{
    TypeSchema,
    wire::{AppId, TypeProgress},
};

use super::error::{SyncError, TypeProblem};
use crate::{
    client::{Client, ClientError},
    journal::Journal,
};

/// The types that the journal does not know as registered.
pub(super) async fn pending<'a>(
    types: &'a [TypeSchema],
    journal: &dyn Journal,
) -> Result<Vec<&'a TypeSchema>, SyncError> {
    let known = journal.types().await?;
    let is_registered = |schema: &TypeSchema| known.iter().any(|one| one.slug == schema.slug && one.name.is_some());
    Ok(types.iter().filter(|schema| !is_registered(schema)).collect())
}

/// Registers every type that the journal does not know, and renames those whose display name has changed.
pub(super) async fn register(
    client: &Client,
    app: AppId,
    types: &[TypeSchema],
    journal: &dyn Journal,
) -> Result<(), SyncError> {
    let known = journal.types().await?;
    for schema in types {
        let (slug, kind) = (schema.slug, schema.kind);
        let before = known.iter().find(|known| known.slug == slug);
        let sent = match before.and_then(|known| known.name.as_deref()) {
            Some(name) if name == schema.name => continue,
            Some(_) => rename(client, app, schema).await?,
            None => {
                // If the answer is lost, the next attempt is told that the type exists: it is this journal's own.
                journal.note_type(slug, kind.as_str(), false).await?;
                match client.register_type(app, &schema.registration()).await {
                    Ok(_) => true,
                    Err(error) if error.is_conflict() => {
                        if before.is_none() {
                            journal.note_type(slug, kind.as_str(), true).await?;
                        }
                        rename(client, app, schema).await?
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if sent {
            journal.set_registered(slug, kind, schema.name).await?;
            tracing::info!(bridge.resource_type = slug, name = schema.name, "registered");
        }
    }
    Ok(())
}

/// Notes those of `pending` that the app has already, as an open session lists them. Answers whether any is left.
pub(super) async fn note_listed(
    pending: &[&TypeSchema],
    listed: &[TypeProgress],
    journal: &dyn Journal,
) -> Result<bool, SyncError> {
    let mut left = false;
    for schema in pending {
        match listed.iter().find(|there| there.slug == schema.slug && !there.name.is_empty()) {
            Some(there) => {
                journal.note_type(schema.slug, schema.kind.as_str(), true).await?;
                journal.set_registered(schema.slug, schema.kind, &there.name).await?;
            }
            None => left = true,
        }
    }
    Ok(left)
}

/// Updates a display name. How that is done is an assumption (protocol.md section 3), and a name is not worth a sync: a
/// refusal is logged, and tried again at the next start.
async fn rename(client: &Client, app: AppId, schema: &TypeSchema) -> Result<bool, SyncError> {
    match client.rename_type(app, schema.slug, schema.name).await {
        Ok(there) if there.kind.is_empty() || there.kind == schema.kind.as_str() => Ok(true),
        Ok(there) => {
            let slug = schema.slug.to_owned();
            Err(SyncError::Types(vec![TypeProblem::Kind { slug, declared: schema.kind, there: there.kind }]))
        }
        Err(error) if is_refused(&error) => {
            tracing::warn!(bridge.resource_type = schema.slug, error = %error, "the display name could not be updated");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_refused(error: &ClientError) -> bool {
    matches!(error.status(), Some(400 | 404 | 405 | 422))
}
