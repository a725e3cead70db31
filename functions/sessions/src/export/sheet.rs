//! Writes rows as CSV or JSON, in parts. A response of Lambda has at most 6 MB. It contains JSON as a JSON string, and a CSV in
//! base64, because the byte order mark must arrive. The size of a part is measured the same way, with a margin for the headers.

use model::Error;
use serde::Serialize;
use serde_json::Value;

use super::ExportFormat;

/// Bytes of a part in the response of Lambda.
const MAX_PART_BYTES: usize = 5_000_000;

/// Characters that start a formula in a spreadsheet (OWASP, CSV injection), also in their full-width forms.
const FORMULA_PREFIXES: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A row of an export. Its columns are fields of the struct, in this order.
pub trait SheetRow: Serialize {
    /// The names of the columns.
    const COLUMNS: &'static [&'static str];
}

/// Rows as text, in parts.
#[derive(Debug)]
pub struct ExportSheet {
    open: String,
    rows: Vec<String>,
    between: &'static str,
    close: &'static str,
    /// The first row of each part.
    starts: Vec<usize>,
}

/// Writes the rows in a format.
///
/// # Errors
/// Fails if a row cannot be serialized.
pub fn write_sheet<T: SheetRow>(format: ExportFormat, rows: &[T]) -> Result<ExportSheet, Error> {
    write_sheet_in_parts(format, rows, MAX_PART_BYTES)
}

fn write_sheet_in_parts<T: SheetRow>(
    format: ExportFormat,
    rows: &[T],
    max_bytes: usize,
) -> Result<ExportSheet, Error> {
    let (mut sheet, max_bytes) = match format {
        ExportFormat::Json => (json_sheet(rows)?, max_bytes),
        // base64 writes three bytes as four
        ExportFormat::Csv => (csv_sheet(rows)?, max_bytes / 4 * 3),
    };
    let length = |text: &str| match format {
        ExportFormat::Json => json_string_len(text),
        ExportFormat::Csv => text.len(),
    };
    let opened = length(&sheet.open);
    let mut size = opened;
    for (position, row) in sheet.rows.iter().enumerate() {
        let weight = length(row) + sheet.between.len();
        if size + weight > max_bytes && position > 0 {
            sheet.starts.push(position);
            size = opened;
        }
        size += weight;
    }
    Ok(sheet)
}

fn json_sheet<T: SheetRow>(rows: &[T]) -> Result<ExportSheet, Error> {
    let rows = rows.iter().map(|row| serde_json::to_string(row).map_err(Error::internal));
    Ok(ExportSheet {
        open: "[".into(),
        rows: rows.collect::<Result<_, _>>()?,
        between: ",\n",
        close: "]",
        starts: vec![0],
    })
}

fn csv_sheet<T: SheetRow>(rows: &[T]) -> Result<ExportSheet, Error> {
    let header = csv_line(T::COLUMNS.iter().map(|name| (*name).to_owned()))?;
    let lines = rows.iter().map(|row| {
        let fields = serde_json::to_value(row).map_err(Error::internal)?;
        csv_line(T::COLUMNS.iter().map(|name| csv_cell(&fields[name])))
    });
    let rows = lines.collect::<Result<_, _>>()?;
    // Excel reads the file as UTF-8 only with a byte order mark
    Ok(ExportSheet { open: format!("\u{feff}{header}"), rows, between: "", close: "", starts: vec![0] })
}

fn csv_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escape_formula(text),
        other => other.to_string(),
    }
}

/// Makes a text of a cell that would be a formula.
fn escape_formula(text: &str) -> String {
    if text.trim_start_matches(' ').starts_with(FORMULA_PREFIXES) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn csv_line(cells: impl Iterator<Item = String>) -> Result<String, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).map_err(Error::internal)?;
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

/// Returns the bytes of a text inside a JSON string.
fn json_string_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

impl ExportSheet {
    /// Returns the number of parts.
    pub fn parts(&self) -> usize {
        self.starts.len()
    }

    /// Returns a part by its number, from 1, or `None` if there are fewer parts. Each part starts with the names of the
    /// columns.
    pub fn part(&self, number: usize) -> Option<String> {
        let from = *self.starts.get(number.checked_sub(1)?)?;
        let to = self.starts.get(number).copied().unwrap_or(self.rows.len());
        let rows = self.rows.get(from..to)?.join(self.between);
        Some(format!("{}{rows}{}", self.open, self.close))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Serialize)]
    struct Heron {
        zebra: String,
        name: String,
        count: Option<u32>,
    }

    impl SheetRow for Heron {
        const COLUMNS: &'static [&'static str] = &["zebra", "name", "count"];
    }

    fn row(zebra: &str, name: &str) -> Heron {
        Heron { zebra: zebra.into(), name: name.into(), count: None }
    }

    fn read(part: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let mut reader = csv::Reader::from_reader(part.as_bytes());
        let header = reader.headers().unwrap().iter().map(ToOwned::to_owned).collect();
        let rows = reader.records().map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect()).collect();
        (header, rows)
    }

    #[test]
    fn columns_have_the_order_of_the_struct() {
        let sheet = write_sheet(ExportFormat::Csv, &[row("a,\"b\"\nc", "șă")]).unwrap();
        let part = sheet.part(1).unwrap();
        assert!(part.starts_with("\u{feff}zebra,name,count\r\n"), "{part}");
        assert_eq!(read(&part).1, [["a,\"b\"\nc", "șă", ""]]);
        assert_eq!(write_sheet::<Heron>(ExportFormat::Json, &[]).unwrap().part(1).unwrap(), "[]");
        assert!(
            write_sheet::<Heron>(ExportFormat::Csv, &[])
                .unwrap()
                .part(1)
                .unwrap()
                .ends_with("zebra,name,count\r\n")
        );
        assert_eq!((sheet.part(0), sheet.part(2)), (None, None));
    }

    #[test]
    fn formulas_are_escaped() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"] {
            assert_eq!(escape_formula(formula), format!("'{formula}"));
        }
        for text in ["1-1", "a=b", "'=1", ""] {
            assert_eq!(escape_formula(text), text);
        }
    }

    proptest! {
        #[test]
        fn parts_contain_every_row_once_and_fit(texts in prop::collection::vec("[a\"\n=,]{0,40}", 0..60)) {
            let rows: Vec<Heron> = texts.iter().map(|text| row(text, "x")).collect();
            for format in [ExportFormat::Csv, ExportFormat::Json] {
                let sheet = write_sheet_in_parts(format, &rows, 300).unwrap();
                let parts: Vec<String> = (1..=sheet.parts()).map(|n| sheet.part(n).unwrap()).collect();
                let mut found = Vec::new();
                for part in &parts {
                    let length = match format {
                        ExportFormat::Csv => part.len().div_ceil(3) * 4,
                        ExportFormat::Json => serde_json::to_string(part).unwrap().len(),
                    };
                    prop_assert!(length <= 320, "{length}");
                    found.extend(match format {
                        ExportFormat::Csv => read(part).1.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>(),
                        ExportFormat::Json => serde_json::from_str::<Vec<Value>>(part)
                            .unwrap()
                            .into_iter()
                            .map(|row| row["zebra"].as_str().unwrap().to_owned())
                            .collect(),
                    });
                }
                let expected = texts.iter().map(|text| match format {
                    ExportFormat::Csv => escape_formula(text),
                    ExportFormat::Json => text.clone(),
                });
                prop_assert_eq!(found, expected.collect::<Vec<_>>());
            }
        }
    }
}
