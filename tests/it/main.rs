//! What authkeeper promises, tried from outside and on the real thing. One binary: kube is linked once, and one
//! control plane serves the whole run.

mod architecture;
mod crds;
mod e2e;
mod generated;
mod http_port;
mod providers;
mod stage;
