package tinyllm.lab.kernel;

class JJavaExtensionTest extends KernelContract {

    JJavaExtensionTest() {
        super(KernelForm.JJAVA);
    }
}
