package tinyllm.lab.kernel;

class IJavaStartTest extends KernelContract {

    IJavaStartTest() {
        super(KernelForm.IJAVA);
    }
}
