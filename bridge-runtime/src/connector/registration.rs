//! Registering resource types (protocol.md section 3).

use bridge_core::{TypeSchema, wire::AppId};

use super::ConnectorError;
use crate::{
    client::{Client, ClientError},
    journal::Journal,
};

/// Registers every type that the journal does not know, and renames those whose display name has changed.
pub(super) async fn register(
    client: &Client,
    app: AppId,
    types: &[TypeSchema],
    journal: &dyn Journal,
) -> Result<(), ConnectorError> {
    let known = journal.types().await?;
    for schema in types {
        let name = known.iter().find(|known| known.slug == schema.slug).and_then(|known| known.name.as_deref());
        let sent = match name {
            Some(name) if name == schema.name => continue,
            Some(_) => rename(client, app, schema).await?,
            None => match client.register_type(app, &schema.registration()).await {
                Ok(_) => true,
                // It is there, under a name that is not known.
                Err(error) if error.is_conflict() => rename(client, app, schema).await?,
                Err(error) => return Err(error.into()),
            },
        };
        if sent {
            journal.set_registered(schema.slug, schema.name).await?;
            tracing::info!(bridge.resource_type = schema.slug, name = schema.name, "registered");
        }
    }
    Ok(())
}

/// Updates a display name. How that is done is an assumption (protocol.md section 3), and a name is not worth a sync: a
/// refusal is logged, and tried again at the next start.
async fn rename(client: &Client, app: AppId, schema: &TypeSchema) -> Result<bool, ClientError> {
    match client.rename_type(app, schema.slug, schema.name).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.status(), Some(400 | 404 | 405 | 422)) => {
            tracing::warn!(bridge.resource_type = schema.slug, error = %error, "the display name could not be updated");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
