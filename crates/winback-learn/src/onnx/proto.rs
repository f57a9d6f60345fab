//! The messages of ONNX that an exported model consists of, and no others.
//!
//! Names and field numbers are those of `onnx.proto` (onnx/onnx on GitHub), whose fields never change their number.
//! Fields that we leave empty are not declared: a reader cannot tell the difference.

use prost::bytes::Bytes;

/// Version 8 of the format, which came with ONNX 1.11.
pub(super) const IR_VERSION: i64 = 8;

/// Element types of tensors, as `TensorProto.DataType` numbers them.
pub(super) mod element {
    pub(in crate::onnx) const FLOAT: i32 = 1;
    pub(in crate::onnx) const INT64: i32 = 7;
    pub(in crate::onnx) const STRING: i32 = 8;
    pub(in crate::onnx) const DOUBLE: i32 = 11;
}

/// A whole file.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Model {
    #[prost(int64, tag = "1")]
    pub(super) ir_version: i64,
    #[prost(string, tag = "2")]
    pub(super) producer_name: String,
    #[prost(string, tag = "6")]
    pub(super) doc_string: String,
    #[prost(message, optional, tag = "7")]
    pub(super) graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    pub(super) opset_import: Vec<OperatorSet>,
}

/// A set of operators, by domain and version.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct OperatorSet {
    #[prost(string, tag = "1")]
    pub(super) domain: String,
    #[prost(int64, tag = "2")]
    pub(super) version: i64,
}

/// Nodes in the order of their computation, between named inputs and outputs.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub(super) node: Vec<Node>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    /// Constants.
    #[prost(message, repeated, tag = "5")]
    pub(super) initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub(super) input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub(super) output: Vec<ValueInfo>,
}

/// One operation on named values.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Node {
    #[prost(string, repeated, tag = "1")]
    pub(super) input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(super) output: Vec<String>,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(string, tag = "4")]
    pub(super) op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) attribute: Vec<Attribute>,
    #[prost(string, tag = "7")]
    pub(super) domain: String,
}

/// A named constant of an operation. `kind` says which of the others holds it, as `AttributeProto.AttributeType`
/// numbers them.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Attribute {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(float, optional, tag = "2")]
    pub(super) f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    pub(super) i: Option<i64>,
    #[prost(message, optional, tag = "5")]
    pub(super) t: Option<Tensor>,
    #[prost(float, repeated, tag = "7")]
    pub(super) floats: Vec<f32>,
    #[prost(int64, repeated, tag = "8")]
    pub(super) ints: Vec<i64>,
    #[prost(bytes = "bytes", repeated, tag = "9")]
    pub(super) strings: Vec<Bytes>,
    #[prost(int32, tag = "20")]
    pub(super) kind: i32,
}

impl Attribute {
    fn new(name: &str, kind: i32) -> Self {
        Self { name: name.to_owned(), kind, ..Self::default() }
    }

    pub(super) fn float(name: &str, value: f32) -> Self {
        Self { f: Some(value), ..Self::new(name, 1) }
    }

    pub(super) fn int(name: &str, value: i64) -> Self {
        Self { i: Some(value), ..Self::new(name, 2) }
    }

    pub(super) fn tensor(name: &str, value: Tensor) -> Self {
        Self { t: Some(value), ..Self::new(name, 4) }
    }

    pub(super) fn floats(name: &str, values: Vec<f32>) -> Self {
        Self { floats: values, ..Self::new(name, 6) }
    }

    pub(super) fn ints(name: &str, values: Vec<i64>) -> Self {
        Self { ints: values, ..Self::new(name, 7) }
    }

    pub(super) fn strings(name: &str, values: Vec<Bytes>) -> Self {
        Self { strings: values, ..Self::new(name, 8) }
    }
}

/// A constant array.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Tensor {
    /// The shape.
    #[prost(int64, repeated, tag = "1")]
    pub(super) dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(super) data_type: i32,
    #[prost(float, repeated, tag = "4")]
    pub(super) float_data: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    pub(super) int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    pub(super) name: String,
    #[prost(double, repeated, tag = "10")]
    pub(super) double_data: Vec<f64>,
}

impl Tensor {
    /// A list of floats, shape [n].
    pub(super) fn floats(values: Vec<f32>) -> Self {
        Self {
            dims: vec![values.len() as i64],
            data_type: element::FLOAT,
            float_data: values,
            ..Self::default()
        }
    }

    /// A list of integers, shape [n].
    pub(super) fn ints(values: Vec<i64>) -> Self {
        Self {
            dims: vec![values.len() as i64],
            data_type: element::INT64,
            int64_data: values,
            ..Self::default()
        }
    }

    /// A list of doubles, shape [n].
    pub(super) fn doubles(values: Vec<f64>) -> Self {
        Self {
            dims: vec![values.len() as i64],
            data_type: element::DOUBLE,
            double_data: values,
            ..Self::default()
        }
    }
}

/// Name, type and meaning of an input or output.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct ValueInfo {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, optional, tag = "2")]
    pub(super) r#type: Option<Type>,
    #[prost(string, tag = "3")]
    pub(super) doc_string: String,
}

impl ValueInfo {
    /// One value a row: shape [rows, 1], where the number of rows is open.
    pub(super) fn column(name: &str, element: i32, doc: String) -> Self {
        let rows = Dimension { dim_value: None, dim_param: Some("rows".to_owned()) };
        let one = Dimension { dim_value: Some(1), dim_param: None };
        let tensor = TensorType { elem_type: element, shape: Some(Shape { dim: vec![rows, one] }) };
        Self { name: name.to_owned(), r#type: Some(Type { tensor_type: Some(tensor) }), doc_string: doc }
    }
}

/// What a value is: here always a tensor.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Type {
    #[prost(message, optional, tag = "1")]
    pub(super) tensor_type: Option<TensorType>,
}

/// The type and shape of a tensor.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct TensorType {
    #[prost(int32, tag = "1")]
    pub(super) elem_type: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) shape: Option<Shape>,
}

/// The dimensions of a tensor.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Shape {
    #[prost(message, repeated, tag = "1")]
    pub(super) dim: Vec<Dimension>,
}

/// One dimension: a number, or a name where it is open.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Dimension {
    #[prost(int64, optional, tag = "1")]
    pub(super) dim_value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub(super) dim_param: Option<String>,
}
