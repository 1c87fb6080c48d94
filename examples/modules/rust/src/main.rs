//! Tables in CSV, read by the crate csv.
use marine_rs_sdk::marine;

/// Called once, when the service starts.
pub fn main() {}

#[marine]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Empty when all could be read.
    pub error: String,
}

fn read(text: &str) -> Result<Table, csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers()?.iter().map(String::from).collect();
    let mut rows = vec![];
    for row in reader.records() {
        rows.push(row?.iter().map(String::from).collect());
    }
    Ok(Table { header, rows, error: String::new() })
}

#[marine]
pub fn parse(text: String) -> Table {
    read(&text).unwrap_or_else(|e| Table { header: vec![], rows: vec![], error: e.to_string() })
}

/// The sum of the numbers in a column; other cells count for nothing.
#[marine]
pub fn sum(table: Table, column: &String) -> f64 {
    match table.header.iter().position(|name| name == column) {
        Some(at) => table.rows.iter().filter_map(|row| row.get(at)?.trim().parse::<f64>().ok()).sum(),
        None => 0.0,
    }
}
