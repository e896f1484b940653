from lacunar.traits.data.class_balance import balanced_answers as balanced_answers
from lacunar.traits.data.image_sources import ImageFile as ImageFile
from lacunar.traits.data.image_sources import find_images as find_images
from lacunar.traits.predict.explainer import explain_files as explain_files
from lacunar.traits.predict.image_files import predict_files as predict_files
from lacunar.traits.predict.onnx_predictor import OnnxTraits as OnnxTraits
