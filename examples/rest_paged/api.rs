//! The calls of the directory's API.

use std::time::Duration;

use iden_bridge::Secret;
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    error::ApiError,
    model::{Group, User},
};

#[derive(Debug)]
pub struct Api {
    http: Client,
    base: String,
    token: Secret,
}

/// A page of groups, and the cursor of the next one.
#[derive(Debug, Deserialize)]
pub struct Groups {
    pub groups: Vec<Group>,
    pub next: Option<String>,
}

/// Users by offset and limit. They stay JSON here: one that is not understood must not spoil its page.
#[derive(Debug, Deserialize)]
pub struct Users {
    pub users: Vec<Value>,
}

impl Api {
    pub fn new(base: &str, token: Secret) -> reqwest::Result<Self> {
        // reqwest comes without a TLS provider here. An error says that the process has one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Shorter than the 30 s of a handler: a time-out here says more than one of the handler.
        let http = Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Api { http, base: base.trim_end_matches('/').to_owned(), token })
    }

    pub async fn groups(&self, cursor: Option<&str>) -> Result<Groups, ApiError> {
        let mut request = self.http.get(self.url("/groups"));
        if let Some(cursor) = cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        self.read(request).await
    }

    pub async fn users(&self, offset: usize, limit: usize) -> Result<Users, ApiError> {
        // By id: an order that a change of a user does not change.
        let query = [("sort", "id".to_owned()), ("offset", offset.to_string()), ("limit", limit.to_string())];
        self.read(self.http.get(self.url("/users")).query(&query)).await
    }

    pub async fn user(&self, id: u32) -> Result<Option<User>, ApiError> {
        match self.read(self.http.get(self.user_url(id))).await {
            Ok(user) => Ok(Some(user)),
            Err(ApiError::NotFound) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Makes a user. The same `key` again gives the same user, whatever was lost in between.
    pub async fn create(&self, key: &str, user: &Map<String, Value>) -> Result<User, ApiError> {
        self.read(self.http.post(self.url("/users")).header("idempotency-key", key).json(user)).await
    }

    pub async fn change(&self, id: u32, changes: &Map<String, Value>) -> Result<(), ApiError> {
        self.send(self.http.patch(self.user_url(id)).json(changes)).await
    }

    pub async fn delete(&self, id: u32) -> Result<(), ApiError> {
        self.send(self.http.delete(self.user_url(id))).await
    }

    /// Has the directory mail a link for a new password.
    pub async fn reset_password(&self, id: u32) -> Result<(), ApiError> {
        self.send(self.http.post(self.user_url(id) + "/password-reset").json(&json!({}))).await
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        let answer = request.bearer_auth(self.token.expose()).send().await?;
        Ok(ApiError::check(answer).await?.json().await?)
    }

    async fn send(&self, request: RequestBuilder) -> Result<(), ApiError> {
        let answer = request.bearer_auth(self.token.expose()).send().await?;
        ApiError::check(answer).await.map(drop)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn user_url(&self, id: u32) -> String {
        self.url(&format!("/users/{id}"))
    }
}
