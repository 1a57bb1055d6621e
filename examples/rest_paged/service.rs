//! The directory that the example reads when it is given no other: an API as many systems have one, in memory.
//!
//! It stands by itself, and shares no code with the client: it is the other side.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const GROUPS: [&str; 5] = ["admins", "board", "build", "staff", "wiki"];
/// What can be set of a user.
const FIELDS: [&str; 5] = ["email", "firstName", "lastName", "status", "groups"];
const GROUPS_A_PAGE: usize = 2;
/// Whatever the client asks for.
const USERS_A_PAGE: usize = 60;

/// What the directory holds.
#[derive(Debug, Default)]
struct Book {
    users: BTreeMap<u32, Map<String, Value>>,
    /// Idempotency keys, and the users that were made with them.
    made: HashMap<String, u32>,
}

type Shared = Arc<Mutex<Book>>;

/// Serves a directory of 250 users on a free port of this machine, for as long as the process runs. Returns its address.
pub async fn start(token: &str) -> io::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let expected = format!("Bearer {token}");
    let authorized = move |request: Request, next: Next| {
        let allowed =
            request.headers().get("authorization").is_some_and(|given| given.as_bytes() == expected.as_bytes());
        async move { if allowed { next.run(request).await } else { refuse(StatusCode::UNAUTHORIZED, "no such token") } }
    };
    let router = Router::new()
        .route("/groups", get(groups))
        .route("/users", get(list).post(create))
        .route("/users/{id}", get(one).patch(change).delete(delete))
        .route("/users/{id}/password-reset", post(reset_password))
        .layer(from_fn(authorized))
        .with_state(Arc::new(Mutex::new(filled())));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

fn filled() -> Book {
    let mut book = Book::default();
    for id in 1..=250_u32 {
        let (first, last) =
            (["Ann", "Bo", "Cai", "Dina", "Eli"][id as usize % 5], ["Ito", "Khan", "Lee"][id as usize % 3]);
        let user = json!({
            "id": id,
            "email": format!("{first}.{last}{id}@acme.example").to_lowercase(),
            "firstName": first,
            "lastName": last,
            "status": if id % 17 == 0 { "locked" } else { "enabled" },
            "groups": if id % 4 == 0 { vec!["staff", GROUPS[id as usize % 3]] } else { vec!["staff"] },
        });
        let Value::Object(user) = user else { continue };
        book.users.insert(id, user);
    }
    book
}

fn lock(book: &Shared) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"message": why}))).into_response()
}

#[derive(Deserialize)]
struct Cursor {
    cursor: Option<String>,
}

async fn groups(Query(asked): Query<Cursor>) -> Response {
    let start = match asked.cursor {
        None => 0,
        Some(id) => match GROUPS.iter().position(|group| *group == id) {
            Some(at) => at,
            None => return refuse(StatusCode::BAD_REQUEST, "no such cursor"),
        },
    };
    let page: Vec<_> = GROUPS[start..].iter().take(GROUPS_A_PAGE).collect();
    let groups: Vec<_> = page.iter().map(|id| json!({"id": id, "displayName": format!("The {id}")})).collect();
    Json(json!({"groups": groups, "next": GROUPS.get(start + page.len())})).into_response()
}

#[derive(Deserialize)]
struct Window {
    offset: usize,
    limit: usize,
}

async fn list(State(book): State<Shared>, Query(asked): Query<Window>) -> Json<Value> {
    let book = lock(&book);
    let page: Vec<_> = book.users.values().skip(asked.offset).take(asked.limit.min(USERS_A_PAGE)).collect();
    Json(json!({"total": book.users.len(), "users": page}))
}

async fn one(State(book): State<Shared>, Path(id): Path<u32>) -> Response {
    match lock(&book).users.get(&id) {
        Some(user) => Json(user).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such user"),
    }
}

async fn create(State(book): State<Shared>, headers: HeaderMap, Json(sent): Json<Map<String, Value>>) -> Response {
    let mut book = lock(&book);
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    if let Some(user) = key.as_ref().and_then(|key| book.users.get(book.made.get(key)?)) {
        return (StatusCode::CREATED, Json(user)).into_response();
    }
    let id = book.users.keys().last().map_or(1, |last| last + 1);
    let mut user = Map::from_iter([("id".to_owned(), json!(id)), ("status".to_owned(), json!("enabled"))]);
    if let Err(Refusal(status, why)) = set(&book, &mut user, sent) {
        return refuse(status, &why);
    }
    let answer = (StatusCode::CREATED, Json(&user)).into_response();
    book.users.insert(id, user);
    book.made.extend(key.map(|key| (key, id)));
    answer
}

async fn change(State(book): State<Shared>, Path(id): Path<u32>, Json(sent): Json<Map<String, Value>>) -> Response {
    let mut book = lock(&book);
    let Some(mut user) = book.users.get(&id).cloned() else { return refuse(StatusCode::NOT_FOUND, "no such user") };
    if let Err(Refusal(status, why)) = set(&book, &mut user, sent) {
        return refuse(status, &why);
    }
    let answer = Json(&user).into_response();
    book.users.insert(id, user);
    answer
}

async fn delete(State(book): State<Shared>, Path(id): Path<u32>) -> Response {
    match lock(&book).users.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such user"),
    }
}

async fn reset_password(State(book): State<Shared>, Path(id): Path<u32>) -> Response {
    match lock(&book).users.contains_key(&id) {
        true => StatusCode::ACCEPTED.into_response(),
        false => refuse(StatusCode::NOT_FOUND, "no such user"),
    }
}

/// Why something is not taken over.
struct Refusal(StatusCode, String);

/// Takes over what was sent, all of it or nothing.
fn set(book: &Book, user: &mut Map<String, Value>, sent: Map<String, Value>) -> Result<(), Refusal> {
    if let Some(unknown) = sent.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(Refusal(StatusCode::BAD_REQUEST, format!("`{unknown}` cannot be set")));
    }
    let mut groups = sent.get("groups").and_then(Value::as_array).into_iter().flatten();
    if let Some(unknown) = groups.find(|group| !GROUPS.iter().any(|known| *group == known)) {
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, format!("there is no group {unknown}")));
    }
    let taken = |email: &Value| book.users.values().any(|other| other["email"] == *email && other["id"] != user["id"]);
    if sent.get("email").is_some_and(taken) {
        return Err(Refusal(StatusCode::CONFLICT, "the e-mail address is somebody's already".to_owned()));
    }
    user.extend(sent);
    Ok(())
}
