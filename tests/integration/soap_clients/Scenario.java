// Apache Axis 1.4, without a WSDL: java Scenario.java BASE
import java.io.PrintStream;
import org.apache.axis.AxisFault;
import org.apache.axis.client.Call;
import org.apache.axis.client.Service;

public class Scenario {
    static Object call(String base, String method, Object... arguments) throws Exception {
        Call call = (Call) new Service().createCall();
        call.setTargetEndpointAddress(base);
        call.setOperationName(method);
        call.setTimeout(30000);
        return call.invoke(arguments);
    }

    public static void main(String[] arguments) throws Exception {
        String base = arguments[0];
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        out.println(call(base, "UncallWorld", "\u6625\u8282<&>"));
        out.println(call(base, "addIvrTask", "801", "\u6625\u8282\u56de\u8bbf", "sip/test/", "127000", 10, 0));
        out.println(call(base, "addPhoneToTask", "o_task_run_494", "18681471811,18681471812"));
        out.println(call(base, "updateTask", "", "run"));
        try {
            call(base, "Nope", "x");
        } catch (AxisFault fault) {
            out.println("fault: " + fault.getFaultString());
        }
    }
}
