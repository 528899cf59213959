//! What protects every page, tried from outside: headers, the form's token, redirects, paths, line breaks, odd HTTP.
//! The routes are those that the program itself lists.

mod forgery;
mod headers;
mod odd_http;
mod paths;
mod tables;

use crate::kit::accession;

/// A route of the program's own list.
#[derive(Debug, Clone)]
struct Route {
    method: String,
    path: String,
}

impl Route {
    /// The path with every placeholder filled by `1`.
    fn filled(&self) -> String {
        let mut filled = String::new();
        let mut rest = self.path.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            filled.push('1');
            rest = after.split_once('}').map_or("", |(_, rest)| rest);
        }
        filled + rest
    }
}

fn routes() -> Vec<Route> {
    let listed = accession(&["routes", "--json"]).expect_code(0).json();
    let text = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let routes: Vec<Route> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|route| Route { method: text(route, "method"), path: text(route, "path") })
        .collect();
    assert!(routes.len() > 5, "{listed}");
    routes
}
