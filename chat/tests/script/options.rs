//! The line `world shards 2 order durable-first ...`.

use chasqui_chat::DeliveryOrder;

use crate::world::Options;

const ORDERS: &[(&str, DeliveryOrder)] =
    &[("relay-first", DeliveryOrder::RelayFirst), ("durable-first", DeliveryOrder::DurableFirst)];

/// A word of a table.
pub fn one_of<T: Copy>(word: &str, table: &[(&str, T)]) -> Result<T, String> {
    let found = table.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    found.ok_or_else(|| format!("{word} is none of {:?}", table.iter().map(|(name, _)| name).collect::<Vec<_>>()))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is not a number"))
}

pub fn parse(line: &str) -> Result<Options, String> {
    let mut options = Options::default();
    let words: Vec<&str> = line.split_whitespace().collect();
    for pair in words.chunks(2) {
        let [name, value] = pair else {
            return Err("a value is missing".into());
        };
        match *name {
            "shards" => options.shards = number(value)?,
            "ring" => options.ring = number(value)?,
            "permits" => options.permits = number(value)?,
            "order" => options.order = one_of(value, ORDERS)?,
            "rate" => options.sends_per_second = number(value)?,
            "burst" => options.burst = number(value)?,
            "evict" => options.evict_idle_ms = number(value)?,
            "slots" => options.store_slots = number(value)?,
            "live" => options.live_max = number(value)?,
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(options)
}

/// The line for `options`, without those the reference model never changes.
pub fn show(options: &Options) -> String {
    let order = ORDERS.iter().find(|(_, order)| *order == options.order).expect("the table is complete").0;
    format!("world shards {} ring {} order {order}", options.shards, options.ring)
}
