//! The mesh: bounded rings between shards, from which the world takes one message at a time.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use chasqui_chat::{Class, Links, Msg, ShardId};

type Key = (ShardId, ShardId, Class);

#[derive(Clone)]
pub struct Mesh {
    rings: Rc<RefCell<BTreeMap<Key, VecDeque<Msg>>>>,
    capacity: usize,
}

impl Mesh {
    pub fn new(capacity: usize) -> Self {
        Self { rings: Rc::default(), capacity }
    }
    pub fn ends(&self, me: ShardId) -> Box<dyn Links> {
        Box::new(Ends { me, mesh: self.clone() })
    }
    /// The rings that hold something.
    pub fn ready(&self) -> Vec<Key> {
        self.rings.borrow().iter().filter(|(_, ring)| !ring.is_empty()).map(|(key, _)| *key).collect()
    }
    pub fn pop(&self, key: Key) -> Option<Msg> {
        self.rings.borrow_mut().get_mut(&key)?.pop_front()
    }
}

struct Ends {
    me: ShardId,
    mesh: Mesh,
}

impl Links for Ends {
    fn push(&mut self, to: ShardId, class: Class, msg: Msg) -> Result<(), Msg> {
        let mut rings = self.mesh.rings.borrow_mut();
        let ring = rings.entry((self.me, to, class)).or_default();
        if ring.len() >= self.mesh.capacity {
            return Err(msg);
        }
        ring.push_back(msg);
        Ok(())
    }
}
