//! What authkeeper promises, tried from outside and on the real thing. One binary: kube is linked once, and one
//! control plane serves the whole run.

mod crds;
mod generated;
mod http_port;
mod providers;
