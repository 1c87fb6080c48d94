//! A store of items: state that lasts from call to call, in a WASI 0.2 component.
use std::cell::RefCell;
use std::collections::BTreeMap;

wit_bindgen::generate!({ world: "stock", path: "wit" });
use exports::rivulet::stock::items::{Change, Guest, Item};

thread_local!(static ITEMS: RefCell<BTreeMap<String, Item>> = const { RefCell::new(BTreeMap::new()) });

struct Stock;

impl Guest for Stock {
    fn apply(name: String, what: Change) -> Result<Item, String> {
        ITEMS.with_borrow_mut(|items| {
            let mut item = items.get(&name).cloned().unwrap_or(Item { name: name.clone(), count: 0, price: None });
            match what {
                Change::Add(n) => item.count = item.count.checked_add(n).ok_or("too many")?,
                Change::Remove(n) => {
                    let left = item.count.checked_sub(n);
                    item.count = left.ok_or(format!("only {} of {name} are left", item.count))?;
                }
                Change::PriceAt(price) => item.price = Some(price),
            }
            println!("{name}: {}", item.count);
            items.insert(name, item.clone());
            Ok(item)
        })
    }

    fn list_all() -> Vec<Item> {
        ITEMS.with_borrow(|items| items.values().cloned().collect())
    }
}

export!(Stock);
