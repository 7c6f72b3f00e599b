//! One plot as SVG. What it shows can be read without scripts; with them, values follow the pointer.

use std::fmt::Write;

use super::axis::Scale;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 320.0;
/// Room for labels.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;

pub struct Plot<'a> {
    /// For those who cannot see it.
    pub description: &'a str,
    pub x: Axis<'a>,
    pub y: Axis<'a>,
    pub series: Vec<Series<'a>>,
}

pub struct Axis<'a> {
    pub scale: Scale,
    pub label: &'a str,
    pub text: fn(f64) -> String,
}

pub struct Series<'a> {
    pub name: &'a str,
    /// Which of the colours.
    pub colour: usize,
    /// Joined by a line, broken where there is none.
    pub points: Vec<Option<(f64, f64)>>,
    pub dots: bool,
}

impl Plot<'_> {
    pub fn svg(&self) -> String {
        let mut out = format!(
            "<figure class=plot><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=img aria-label=\"{}\">",
            self.description
        );
        self.grid(&mut out);
        for series in &self.series {
            self.line(series, &mut out);
        }
        out += "<line class=cursor y1=14 y2=274 hidden /></svg>";
        self.legend(&mut out);
        self.values(&mut out);
        out + "</figure>"
    }

    fn grid(&self, out: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in self.y.scale.ticks() {
            let (y, text) = (self.y_at(tick), (self.y.text)(tick));
            let _ = write!(out, "<line class=grid x1={LEFT} x2={right} y1={y:.1} y2={y:.1} />");
            let _ = write!(out, "<text class=tick text-anchor=end x={} y={:.1}>{text}</text>", LEFT - 8.0, y + 4.0);
        }
        for tick in self.x.scale.ticks() {
            let (x, text) = (self.x_at(tick), (self.x.text)(tick));
            let _ = write!(out, "<line class=grid x1={x:.1} x2={x:.1} y1={TOP} y2={bottom} />");
            let _ = write!(out, "<text class=tick text-anchor=middle x={x:.1} y={}>{text}</text>", bottom + 18.0);
        }
        let (middle, low) = (f64::midpoint(LEFT, right), HEIGHT - 6.0);
        let _ = write!(out, "<text class=label text-anchor=middle x={middle} y={low}>{}</text>", self.x.label);
        let (x, y) = (14.0, f64::midpoint(TOP, bottom));
        let _ = write!(
            out,
            "<text class=label text-anchor=middle transform=\"translate({x} {y}) rotate(-90)\">{}</text>",
            self.y.label
        );
    }

    fn line(&self, series: &Series<'_>, out: &mut String) {
        let (mut path, mut pen) = (String::new(), 'M');
        for point in &series.points {
            let Some((x, y)) = point else {
                pen = 'M';
                continue;
            };
            let (x, y) = (self.x_at(*x), self.y_at(*y));
            let _ = write!(path, "{pen}{x:.1} {y:.1}");
            pen = 'L';
            if series.dots {
                let _ = write!(out, "<circle class=\"c{}\" cx={x:.1} cy={y:.1} r=3.5 />", series.colour);
            }
        }
        let _ = write!(out, "<path class=\"line c{}\" d=\"{path}\" />", series.colour);
    }

    fn legend(&self, out: &mut String) {
        *out += "<figcaption>";
        for series in &self.series {
            let _ = write!(out, "<span class=key><i class=\"c{}\"></i>{}</span>", series.colour, series.name);
        }
        *out += "<span class=readout></span></figcaption>";
    }

    /// What the pointer shows: for each place along the x axis, what all series have there.
    fn values(&self, out: &mut String) {
        let longest = self.series.iter().max_by_key(|series| series.points.len());
        let rows = longest.into_iter().flat_map(|series| series.points.iter().enumerate());
        let rows = rows.filter_map(|(index, point)| {
            let (x, _) = (*point)?;
            let values = self.series.iter().filter_map(|series| {
                let (_, y) = (*series.points.get(index)?)?;
                Some(format!("{} {}", series.name, (self.y.text)(y)))
            });
            let text = format!("{}: {}", (self.x.text)(x), values.collect::<Vec<_>>().join(", "));
            Some(serde_json::json!([(self.x_at(x) * 10.0).round() / 10.0, text]))
        });
        let rows = serde_json::Value::from(rows.collect::<Vec<_>>()).to_string();
        // A script element ends at the first "</".
        let _ = write!(out, "<script type=\"application/json\">{}</script>", rows.replace('<', "\\u003c"));
    }

    fn x_at(&self, value: f64) -> f64 {
        LEFT + self.x.scale.place(value) * (WIDTH - RIGHT - LEFT)
    }

    fn y_at(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.scale.place(value) * (HEIGHT - BOTTOM - TOP)
    }
}
