import tinyllm.engine.Generator;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;

public class Ask {
    public static void main(String[] args) {
        var model = Models.load("smollm2-135m"); // or a .gguf file, or a folder with safetensors
        new Generator(model).chat("What is the capital of France?", SamplingParams.GREEDY, 32, System.out::print);
    }
}
